#include "services/ctl/commands.h"

#include "common/base/nearest.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 256, NAME_MAX_BYTES = 64, ARENA_BYTES = 64 * 1024 * 1024, TIMEOUT_MAX_S = 3600 };

/* What stands on the command line once the options of every command are taken out. */
struct line {
    char *words[WORDS_MAX + 1];
    int word_count;
    bool help;
    bool version;
};

static const char *const global_options[] = {"--home",    "--json", "--quiet",
                                             "--timeout", "--help", "--version"};
enum { GLOBAL_COUNT = sizeof global_options / sizeof global_options[0] };

/* ---- help ------------------------------------------------------------------------------------ */

static void print_global_options(void)
{
    (void)fputs("Options of every command, anywhere on the line:\n"
                "  --home DIR         the city's folder; else $WUSHE_HOME, else ./city, else city "
                "beside wushectl\n"
                "  --json             JSON on standard output, and nothing else\n"
                "  --quiet            no progress\n"
                "  --timeout SECONDS  for one answer of a node, default 10\n"
                "  --help             of wushectl, of a group or of one command\n"
                "  --version\n",
                stdout);
}

static int first_line_size(const char *text)
{
    return (int)strcspn(text, "\n");
}

static void print_summary(const struct ctl_command *command)
{
    (void)printf("  %-20s %.*s\n", command->name, first_line_size(command->help), command->help);
}

static void print_help(void)
{
    (void)fputs("wushectl runs and looks after a city of five societies.\n\n"
                "Usage: wushectl [OPTIONS] COMMAND ...\n",
                stdout);
    for (const struct ctl_command *command = CTL_COMMANDS; command->name != NULL; command++) {
        if (command->run == NULL) {
            (void)printf("\n%s\n", command->help);
        } else {
            print_summary(command);
        }
    }
    (void)fputc('\n', stdout);
    print_global_options();
    (void)fputs("\nExit status: 0 done, 1 refused, 2 wrong command line or file, 3 a node does not "
                "answer,\n4 the system failed, 5 something was found wrong.\n",
                stdout);
}

static void print_command_help(const struct ctl_command *command)
{
    (void)printf("Usage: wushectl %s%s%s\n\n%s\n\n", command->name,
                 command->usage[0] != '\0' ? " " : "", command->usage, command->help);
    print_global_options();
}

/* ---- which command --------------------------------------------------------------------------- */

/* True for "linkage" of "linkage trace". */
static bool is_group_of(const char *word, const struct ctl_command *command)
{
    size_t size = strlen(word);
    return strncmp(command->name, word, size) == 0 && command->name[size] == ' ';
}

static bool is_group(const char *word)
{
    for (const struct ctl_command *command = CTL_COMMANDS; command->name != NULL; command++) {
        if (is_group_of(word, command)) {
            return true;
        }
    }
    return false;
}

static void print_group_help(const char *word)
{
    (void)printf("Usage: wushectl %s COMMAND ...\n\n", word);
    for (const struct ctl_command *command = CTL_COMMANDS; command->name != NULL; command++) {
        if (is_group_of(word, command)) {
            print_summary(command);
        }
    }
    (void)printf("\nwushectl %s COMMAND --help tells more.\n", word);
}

/* The first one or two words, as a command's name is written. */
static void join_words(const struct line *line, int count, char name[static NAME_MAX_BYTES])
{
    (void)snprintf(name, NAME_MAX_BYTES, "%.30s%s%.30s", line->words[0], count > 1 ? " " : "",
                   count > 1 ? line->words[1] : "");
}

static const struct ctl_command *command_named(const char *name)
{
    for (const struct ctl_command *command = CTL_COMMANDS; command->name != NULL; command++) {
        if (command->run != NULL && strcmp(command->name, name) == 0) {
            return command;
        }
    }
    return NULL;
}

/* The longer name wins; *ret_word_count is how many words it takes. */
static const struct ctl_command *find_command(const struct line *line, int *ret_word_count)
{
    for (int count = line->word_count > 1 ? 2 : 1; count > 0; count--) {
        char name[NAME_MAX_BYTES];
        join_words(line, count, name);
        const struct ctl_command *command = command_named(name);
        if (command != NULL) {
            *ret_word_count = count;
            return command;
        }
    }
    return NULL;
}

static const char *nearest_command(const struct line *line)
{
    const char *nearest = NULL;
    int least = WU_NEAREST_FAR;
    for (int count = line->word_count > 1 ? 2 : 1; count > 0; count--) {
        char name[NAME_MAX_BYTES];
        join_words(line, count, name);
        for (const struct ctl_command *command = CTL_COMMANDS; command->name != NULL; command++) {
            int distance = wu_word_distance(name, command->name);
            if (command->run != NULL && distance < least && wu_word_is_near(name, command->name)) {
                least = distance;
                nearest = command->name;
            }
        }
    }
    return nearest;
}

static int complain_of_command(const struct line *line)
{
    char name[NAME_MAX_BYTES];
    const char *nearest = nearest_command(line);
    bool in_group = is_group(line->words[0]);
    join_words(line, in_group && line->word_count > 1 ? 2 : 1, name);
    if (in_group && line->word_count == 1) {
        return ctl_complain(CTL_USAGE, "'%s' wants a second word; 'wushectl %s --help' lists them",
                            name, name);
    }
    return ctl_complain(CTL_USAGE, "unknown command '%s'%s%s%s 'wushectl %s%s--help' lists them",
                        name, nearest != NULL ? ", did you mean '" : "",
                        nearest != NULL ? nearest : "", nearest != NULL ? "'?" : ";",
                        in_group ? line->words[0] : "", in_group ? " " : "");
}

/* ---- the command line ------------------------------------------------------------------------ */

static int complain_of_option(const char *word)
{
    const char *nearest = NULL;
    int least = WU_NEAREST_FAR;
    for (size_t index = 0; index < GLOBAL_COUNT; index++) {
        int distance = wu_word_distance(word, global_options[index]);
        if (distance < least && wu_word_is_near(word, global_options[index])) {
            least = distance;
            nearest = global_options[index];
        }
    }
    return ctl_complain(CTL_USAGE,
                        "unknown option '%s'%s%s%s a command's own options stand behind its name, "
                        "'wushectl --help' lists the others",
                        word, nearest != NULL ? ", did you mean '" : "",
                        nearest != NULL ? nearest : "", nearest != NULL ? "'?" : ";");
}

static int set_timeout(struct ctl *ctl, const char *text)
{
    char *end = NULL;
    long seconds = strtol(text, &end, 10);
    if (end == text || *end != '\0' || seconds < 1 || seconds > TIMEOUT_MAX_S) {
        return ctl_complain(CTL_USAGE, "--timeout is '%s': write whole seconds, 1 to %d", text,
                            TIMEOUT_MAX_S);
    }
    ctl->timeout_ms = (int)seconds * 1000;
    return CTL_OK;
}

/* An option that wants a value stays behind when it is the last word. */
static bool value_is_missing(const int *count, char **words, const char *name)
{
    return *count > 0 && strcmp(words[*count - 1], name) == 0;
}

static int read_line(struct ctl *ctl, struct line *line, int argc, char **argv)
{
    if (argc > WORDS_MAX) {
        return ctl_complain(CTL_USAGE, "more than %d words on the command line", WORDS_MAX);
    }
    line->word_count = argc - 1;
    memcpy(line->words, argv + 1, (size_t)(argc - 1) * sizeof argv[0]);
    int *count = &line->word_count;
    ctl->json = ctl_flag(count, line->words, "json");
    ctl->quiet = ctl_flag(count, line->words, "quiet");
    line->help = ctl_flag(count, line->words, "help");
    const char *home = ctl_option(count, line->words, "home");
    const char *timeout = ctl_option(count, line->words, "timeout");
    if (value_is_missing(count, line->words, "--home") ||
        value_is_missing(count, line->words, "--timeout")) {
        return ctl_complain(CTL_USAGE, "%s wants a value", line->words[*count - 1]);
    }
    /* Behind a command it is that command's own: catalogue show CODE --version N. */
    line->version = *count > 0 && strcmp(line->words[0], "--version") == 0;
    ctl->home = home != NULL ? home : getenv("WUSHE_HOME");
    if (ctl->home != NULL && ctl->home[0] == '\0') {
        ctl->home = NULL;
    }
    return timeout != NULL ? set_timeout(ctl, timeout) : CTL_OK;
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) != 0 && (no_colour == NULL || no_colour[0] == '\0') &&
           terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* The city speaks UTF-8, also on a machine that was never told so. */
static void set_locale(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    }
}

static int run_command(struct ctl *ctl, struct line *line, const struct ctl_command *command,
                       int word_count)
{
    ctl->command = command;
    if (wu_arena_open(&ctl->arena, ARENA_BYTES) != WU_OK) {
        return ctl_complain(CTL_FAILED, "no memory left");
    }
    int status = command->run(ctl, line->word_count - word_count, line->words + word_count);
    wu_arena_close(&ctl->arena);
    return status;
}

static int run(struct ctl *ctl, struct line *line)
{
    if (line->version) {
        (void)puts("wushectl " WUSHE_VERSION);
        return CTL_OK;
    }
    if (line->word_count == 0 && line->help) {
        print_help();
        return CTL_OK;
    }
    if (line->word_count == 0) {
        return ctl_complain(CTL_USAGE, "a command is missing; 'wushectl --help' lists them");
    }
    int word_count = 0;
    const struct ctl_command *command = find_command(line, &word_count);
    if (command != NULL && line->help) {
        print_command_help(command);
        return CTL_OK;
    }
    if (command != NULL) {
        return run_command(ctl, line, command, word_count);
    }
    if (line->help && is_group(line->words[0]) && line->word_count == 1) {
        print_group_help(line->words[0]);
        return CTL_OK;
    }
    return line->words[0][0] == '-' ? complain_of_option(line->words[0])
                                    : complain_of_command(line);
}

int main(int argc, char **argv)
{
    static struct ctl ctl = {.timeout_ms = 10000};
    struct line line = {.word_count = 0};
    set_locale();
    ctl.colour = wants_colour();
    int status = read_line(&ctl, &line, argc, argv);
    if (status == CTL_OK) {
        status = run(&ctl, &line);
    }
    if (fflush(stdout) != 0 && status == CTL_OK) {
        status = ctl_complain(CTL_FAILED, "standard output cannot be written to");
    }
    return status;
}
