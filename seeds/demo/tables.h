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

/* ---- needs ------------------------------------------------------------------ */

/* How many of the demo's needs are of that kind of seeds/catalogue. */
struct kind {
    const char *code;
    const char *urgency;
    int needs;
};

static const struct kind KINDS[] = {
    /* all five societies: the community asks, then one part for each of the other four */
    {"elderly-full-support", "urgent", 12},  {"elderly-meal", "difficult", 24},
    {"elderly-visit", "longing", 22},        {"home-care", "difficult", 12},
    {"home-adaptation", "longing", 6},       {"hospital-escort", "anxious", 18},
    {"wheelchair-loan", "urgent", 8},        {"dementia-day-care", "difficult", 9},
    {"after-school-care", "anxious", 14},    {"tutoring", "longing", 12},
    {"child-in-hardship", "difficult", 8},   {"parenting-support", "longing", 6},
    {"family-conflict", "anxious", 8},       {"counselling", "anxious", 10},
    {"disability-day-care", "difficult", 8}, {"sign-language-help", "anxious", 6},
    {"legal-advice", "anxious", 10},         {"hardship-relief", "urgent", 10},
    {"medical-hardship", "urgent", 6},       {"winter-warmth", "difficult", 10},
    {"ward-masks-n95", "urgent", 5},         {"household-masks", "anxious", 6},
    {"small-repair", "longing", 10},         {"haircut-at-home", "longing", 8},
    {"digital-help", "longing", 8},          {"newcomer-integration", "longing", 5},
    {"job-training", "longing", 5},          {"neighbourhood-event", "longing", 6},
    {"waste-sorting", "longing", 6},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
