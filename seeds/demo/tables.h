#pragma once

#include <stddef.h>

/*
 * What the made-up city is made of. Districts and streets are real ones of
 * Wuhan with their GB/T 2260 and statistical codes; everything below a street,
 * every organisation and every person is invented.
 */
enum level { LEVEL_STREET, LEVEL_DISTRICT, LEVEL_CITY };

enum { CITY_CODE = 4201, STREETS_PER_DISTRICT = 5, COMMUNITIES_PER_STREET = 5 };

struct street {
    int code; /* three digits within its district */
    const char *name;
};

struct district {
    int code; /* six digits */
    const char *name;
    struct street streets[STREETS_PER_DISTRICT];
};

static const struct district DISTRICTS[] = {
    {420102,
     "江岸区",
     {{2, "大智街道"}, {10, "二七街道"}, {15, "花桥街道"}, {17, "后湖街道"}, {18, "塔子湖街道"}}},
    {420106,
     "武昌区",
     {{1, "积玉桥街道"},
      {3, "徐家棚街道"},
      {5, "粮道街道"},
      {11, "中南路街道"},
      {12, "水果湖街道"}}},
    {420111,
     "洪山区",
     {{1, "珞南街道"}, {2, "关山街道"}, {3, "狮子山街道"}, {4, "张家湾街道"}, {6, "卓刀泉街道"}}},
};

/* ---- names ------------------------------------------------------------------ */

static const char *const SURNAMES[] = {
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马",
    "朱", "胡", "郭", "何", "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许",
    "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田", "董", "潘", "袁", "蔡", "蒋",
    "余", "杜", "叶", "程", "魏", "苏", "吕", "丁", "任", "卢", "熊",
};

static const char *const GIVEN_NAMES[] = {
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "霞", "平", "刚", "华", "建", "国", "志", "文", "秀", "英", "兰", "玲", "红", "梅",
    "春", "雪", "晨", "宇", "欣", "怡", "浩", "然", "子", "涵", "佳", "雨", "婷", "思", "晓",
    "云", "海", "鹏", "飞", "松", "荣", "庆", "安", "宁", "和", "清", "远", "江", "汉", "楚",
};

/* Two halves of a community's name; 15 x 7 are enough for all of them to differ. */
static const char *const COMMUNITY_FRONTS[] = {
    "锦绣", "梧桐", "临江", "东亭", "书香", "紫荆", "白鹭", "和平",
    "长春", "桂花", "青石", "凤凰", "望湖", "古琴", "明珠",
};
static const char *const COMMUNITY_BACKS[] = {"园", "里", "苑", "坊", "台", "桥", "岭"};

static const char *const BRANDS[] = {
    "颐乐", "暖阳", "同心", "邻聚", "青禾", "橙光",
    "善行", "知行", "益家", "和风", "木棉", "映山红",
};

/* ---- bodies ----------------------------------------------------------------- */

/* One organisation is made of each for every street, every district, or the city. */
struct body_pattern {
    const char *society;
    enum level level;
    const char *name; /* follows the name of its area; "*" stands for a brand */
    const char *services;
    int capacity_min; /* open steps at once; 0: people or stock limit it */
    int capacity_max;
    int by_hand_permille; /* how many of them answer their offers by hand */
    char code_class;      /* '1', '2', '3': a credit code of that class; else a letter of our own */
};

#define SKILLS_STREET                                                                       \
    "elder-visit;escort-hospital;tutoring;haircut;repair-small;digital-help;waste-sorting;" \
    "event-help;shopping;phone-call"
#define SKILLS_DISTRICT "elder-visit;escort-hospital;first-aid;translation;repair-small;event-help"
#define SKILLS_CITY "sign-language;translation;street-check;phone-call;outreach-walk;first-aid"

static const struct body_pattern BODY_PATTERNS[] = {
    {"socialorg", LEVEL_STREET, "*养老服务中心", "meal-elderly;home-care", 30, 60, 0, '2'},
    {"socialorg", LEVEL_STREET, "*青少年服务中心", "after-school;parent-class", 10, 25, 150, '2'},
    {"socialorg", LEVEL_STREET, "*文体协会", "culture-sport;integration-class", 6, 20, 250, '1'},
    {"socialorg", LEVEL_DISTRICT, "*社会工作服务中心", "mediation;parent-class;job-training", 10,
     20, 0, '2'},
    {"socialorg", LEVEL_DISTRICT, "*助残服务中心", "day-care-disability", 4, 8, 0, '2'},
    {"socialorg", LEVEL_DISTRICT, "*居家改造服务社", "home-adaptation;home-care", 8, 16, 1000, '2'},
    {"socialorg", LEVEL_CITY, "江城公益法律服务中心", "legal-advice", 3, 3, 0, '2'},
    {"socialorg", LEVEL_CITY, "江城便民清运服务社", "bulky-pickup;appliance-pickup", 2600, 2600, 0,
     '2'},
    {"socialorg", LEVEL_CITY, "长江循环利用促进会", "bulky-pickup;e-waste-pickup", 2400, 2400, 0,
     '1'},
    {"socialorg", LEVEL_CITY, "城市美容志愿协会", "graffiti-removal", 1800, 1800, 0, '1'},
    {"socialorg", LEVEL_CITY, "洁城环境服务社", "dumping-pickup;animal-removal", 1300, 1300, 0,
     '2'},
    {"socialorg", LEVEL_CITY, "明灯市政协作中心", "lamp-repair;leak-report", 120, 120, 0, '2'},
    {"socialworker", LEVEL_STREET, "社会工作服务站",
     "fieldwork-elderly;fieldwork-youth;fieldwork-family;fieldwork-poverty", 0, 0, 0, 'S'},
    {"socialworker", LEVEL_DISTRICT, "社会工作指导中心",
     "fieldwork-disability;fieldwork-mental;fieldwork-medical;fieldwork-elderly", 0, 0, 0, 'S'},
    {"socialworker", LEVEL_CITY, "流动救助社会工作站", "fieldwork-homeless;fieldwork-medical", 0, 0,
     0, 'S'},
    {"volunteer", LEVEL_STREET, "志愿服务队", SKILLS_STREET, 0, 0, 0, 'V'},
    {"volunteer", LEVEL_DISTRICT, "志愿服务总队", SKILLS_DISTRICT, 0, 0, 0, 'V'},
    {"volunteer", LEVEL_CITY, "志愿者联合会直属队", SKILLS_CITY, 0, 0, 0, 'V'},
    {"charity", LEVEL_STREET, "社区公益基金", "money-elderly;money-hardship", 0, 0, 0, 'F'},
    {"charity", LEVEL_DISTRICT, "慈善会", "money-elderly;money-education;money-medical", 0, 0, 0,
     '1'},
    {"charity", LEVEL_DISTRICT, "慈善物资库",
     "goods-rice-5kg;goods-oil-5l;goods-quilt;goods-winter-coat;goods-school-bag", 0, 0, 0, 'F'},
    {"charity", LEVEL_CITY, "江城同舟慈善基金会", "money-hardship;money-medical", 0, 0, 0, '3'},
    {"charity", LEVEL_CITY, "应急救助物资总库",
     "goods-rice-5kg;goods-quilt;goods-wheelchair;goods-mask-kn95;goods-mask-n95", 0, 0, 0, 'F'},
};

/* In one district only, so that elsewhere nobody offers it. */
enum { ONE_DISTRICT = 1 };
static const struct body_pattern ONE_DISTRICT_BODY = {
    "socialorg", LEVEL_DISTRICT, "忆桥认知症照护中心", "dementia-day-care", 4, 4, 0, '2'};

/* ---- people ----------------------------------------------------------------- */

static const char *const WORKER_LEVELS[] = {"assistant", "assistant", "social_worker",
                                            "social_worker", "senior"};

/* A volunteer's week by how the person lives; most come once or twice. */
static const char *const FREE_TIMES[] = {
    "6:0900-1200",
    "7:0900-1200",
    "6:1400-1800",
    "7:1400-1800",
    "6:0900-1800",
    "6:0900-1800;7:0900-1800",
    "3:1830-2030",
    "2:1830-2030;4:1830-2030",
    "1:0800-1130;3:0800-1130;5:0800-1130",
    "1:0800-1130;2:0800-1130;3:0800-1130;4:0800-1130;5:0800-1130",
    "2:1400-1700;4:1400-1700",
    "1:0900-1700;2:0900-1700;3:0900-1700;4:0900-1700;5:0900-1700",
};

/* ---- resources -------------------------------------------------------------- */

struct stock {
    const char *service;
    int low; /* yuan or pieces in one gift */
    int high;
    int gifts; /* to every fund or store that offers it */
};

static const struct stock STOCKS[] = {
    {"money-elderly", 3000, 20000, 3},    {"money-hardship", 2000, 15000, 2},
    {"money-medical", 10000, 40000, 2},   {"money-education", 4000, 12000, 2},
    {"goods-rice-5kg", 80, 300, 2},       {"goods-oil-5l", 40, 120, 1},
    {"goods-quilt", 20, 60, 1},           {"goods-winter-coat", 20, 60, 1},
    {"goods-school-bag", 15, 40, 1},      {"goods-wheelchair", 3, 4, 1},
    {"goods-mask-kn95", 20000, 30000, 1}, {"goods-mask-n95", 300, 300, 1},
};

/* ---- the catalogue ---------------------------------------------------------- */

struct kind {
    const char *code;
    const char *name_zh;
    const char *name_en;
    const char *assess_field; /* a social worker looks first; "" if not */
    int reply_minutes;
    int deliver_hours;
    int confirm_hours;
    const char *recipe;
    const char *urgency;
    int needs; /* how many of the demo's needs are of this kind */
};

static const struct kind KINDS[] = {
    /* all five societies: the community asks, then one part for each of the other four */
    {"elderly-full-support", "失能老人居家综合帮扶", "Full support at home for a frail elder",
     "fieldwork-elderly", 240, 336, 168,
     "socialorg:meal-elderly:1;socialorg:home-care:1;volunteer:elder-visit:2;"
     "charity:goods-rice-5kg:2;charity:money-elderly:20000",
     "urgent", 12},
    {"elderly-meal", "老人助餐", "Meals for an elder", "", 240, 168, 72,
     "socialorg:meal-elderly:1;charity:money-elderly:9000?", "difficult", 24},
    {"elderly-visit", "独居老人探访", "Visits to an elder living alone", "", 480, 168, 72,
     "volunteer:elder-visit:2", "longing", 22},
    {"home-care", "居家照护", "Care at home", "fieldwork-elderly", 240, 336, 168,
     "socialorg:home-care:1;charity:money-elderly:30000?", "difficult", 12},
    {"home-adaptation", "适老化改造", "Adapting a home for an elder", "fieldwork-elderly", 1440,
     720, 168, "socialorg:home-adaptation:1;charity:money-elderly:100000?", "longing", 6},
    {"hospital-escort", "就医陪诊", "Company to the hospital", "", 120, 72, 72,
     "volunteer:escort-hospital:1", "anxious", 18},
    {"wheelchair-loan", "轮椅借用", "Loan of a wheelchair", "", 240, 72, 72,
     "charity:goods-wheelchair:1;volunteer:shopping:1?", "urgent", 8},
    {"dementia-day-care", "认知症日间照料", "Day care with dementia", "fieldwork-elderly", 480, 336,
     168, "socialorg:dementia-day-care:1", "difficult", 9},
    {"after-school-care", "四点半课堂", "After-school care", "", 480, 336, 168,
     "socialorg:after-school:1;volunteer:tutoring:1?", "anxious", 14},
    {"tutoring", "课业辅导", "Tutoring", "", 480, 336, 72, "volunteer:tutoring:1", "longing", 12},
    {"child-in-hardship", "困境儿童关爱", "A child in hardship", "fieldwork-youth", 240, 336, 168,
     "volunteer:tutoring:1;charity:goods-school-bag:1;charity:money-education:50000?", "difficult",
     8},
    {"parenting-support", "家庭教育指导", "Support for parents", "fieldwork-family", 480, 336, 168,
     "socialorg:parent-class:1", "longing", 6},
    {"family-conflict", "家庭矛盾调解", "Mediation in a family", "fieldwork-family", 240, 168, 168,
     "socialorg:mediation:1", "anxious", 8},
    {"counselling", "心理疏导", "Counselling", "", 120, 168, 168, "socialworker:fieldwork-mental:1",
     "anxious", 10},
    {"disability-day-care", "残疾人日间照料", "Day care with a disability", "fieldwork-disability",
     480, 336, 168, "socialorg:day-care-disability:1", "difficult", 8},
    {"sign-language-help", "手语翻译", "A sign language interpreter", "", 240, 72, 72,
     "volunteer:sign-language:1", "anxious", 6},
    {"legal-advice", "法律咨询", "Legal advice", "", 480, 168, 72, "socialorg:legal-advice:1",
     "anxious", 10},
    {"hardship-relief", "困难家庭临时救助", "Relief for a family in hardship", "fieldwork-poverty",
     240, 168, 168, "charity:money-hardship:100000;charity:goods-rice-5kg:2;charity:goods-oil-5l:1",
     "urgent", 10},
    {"medical-hardship", "大病帮扶", "Help with the cost of an illness", "fieldwork-medical", 480,
     336, 168, "charity:money-medical:500000;volunteer:escort-hospital:1?", "urgent", 6},
    {"winter-warmth", "御寒物资", "Warm things for the winter", "", 480, 168, 72,
     "charity:goods-quilt:1;charity:goods-winter-coat:1?;volunteer:shopping:1?", "difficult", 10},
    {"ward-masks-n95", "病房防护口罩", "N95 masks for a ward", "", 120, 48, 72,
     "charity:goods-mask-n95:100", "urgent", 5},
    {"household-masks", "居民防护口罩", "KN95 masks for a household", "", 240, 72, 72,
     "charity:goods-mask-kn95:20", "anxious", 6},
    {"small-repair", "小修小补", "Small repairs at home", "", 480, 168, 72,
     "volunteer:repair-small:1", "longing", 10},
    {"haircut-at-home", "上门理发", "A haircut at home", "", 480, 168, 72, "volunteer:haircut:1",
     "longing", 8},
    {"digital-help", "智能手机帮学", "Help with a smartphone", "", 480, 168, 72,
     "volunteer:digital-help:1", "longing", 8},
    {"newcomer-integration", "新市民融入", "Settling in as a newcomer", "", 480, 336, 168,
     "socialorg:integration-class:1;volunteer:phone-call:1?", "longing", 5},
    {"job-training", "就业技能培训", "Training for work", "fieldwork-poverty", 480, 720, 168,
     "socialorg:job-training:1", "longing", 5},
    {"neighbourhood-event", "邻里文体活动", "An event among neighbours", "", 1440, 336, 168,
     "socialorg:culture-sport:1;volunteer:event-help:4", "longing", 6},
    {"waste-sorting", "垃圾分类指导", "Guidance on sorting waste", "", 480, 168, 72,
     "volunteer:waste-sorting:2", "longing", 6},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
