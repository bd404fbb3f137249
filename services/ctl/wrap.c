#include "services/ctl/wrap.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { ROOM_MIN = 12 };

/* Bytes and columns of the first character; what is no character counts one each. */
static size_t first_letter(const char *text, size_t *ret_width)
{
    wchar_t letter = 0;
    mbstate_t state = {0};
    size_t size = mbrtowc(&letter, text, MB_LEN_MAX, &state);
    if (size == 0 || size > MB_LEN_MAX) {
        *ret_width = 1;
        return 1;
    }
    int width = wcwidth(letter);
    *ret_width = width > 0 ? (size_t)width : 0;
    return size;
}

size_t ctl_text_width(const char *text)
{
    size_t sum = 0;
    while (*text != '\0') {
        size_t width = 0;
        text += first_letter(text, &width);
        sum += width;
    }
    return sum;
}

/* Bytes of the first line; at least one character. */
static size_t line_size(const char *text, size_t room)
{
    size_t used = 0;
    size_t width = 0;
    size_t good = 0; /* the last place where a line may end */
    while (text[used] != '\0') {
        size_t letter_width = 0;
        size_t size = first_letter(text + used, &letter_width);
        if (width + letter_width > room && used > 0 && text[used] != ' ') {
            return good > 0 ? good : used;
        }
        used += size;
        width += letter_width;
        if (text[used - 1] == ' ' || letter_width == 2) {
            good = used;
        }
    }
    return used;
}

char *ctl_text_break(const char *text, size_t room)
{
    char *broken = malloc(2 * strlen(text) + 1);
    size_t used = 0;
    while (broken != NULL && *text != '\0') {
        size_t size = line_size(text, room);
        memcpy(broken + used, text, size);
        used += size;
        text += size;
        while (*text != '\0' && used > 0 && broken[used - 1] == ' ') {
            used--;
        }
        if (*text != '\0') {
            broken[used++] = '\n';
        }
    }
    if (broken != NULL) {
        broken[used] = '\0';
    }
    return broken;
}

/* Gives every column that needs at most its share what it needs. False when none does any more. */
static bool settle_narrow(const size_t *wanted, size_t count, size_t *left, size_t *open_count,
                          size_t *rooms)
{
    size_t share = *open_count > 0 ? *left / *open_count : 0;
    size_t before = *open_count;
    for (size_t i = 0; i < count; i++) {
        if (rooms[i] == 0 && wanted[i] <= share) {
            rooms[i] = wanted[i] > 0 ? wanted[i] : 1;
            *left -= wanted[i];
            (*open_count)--;
        }
    }
    return *open_count < before;
}

void ctl_share_width(const size_t *wanted, size_t count, size_t total, size_t *ret_rooms)
{
    size_t left = total;
    size_t open_count = count;
    memset(ret_rooms, 0, count * sizeof ret_rooms[0]);
    while (settle_narrow(wanted, count, &left, &open_count, ret_rooms)) {
    }
    for (size_t i = 0; i < count; i++) {
        if (ret_rooms[i] == 0) {
            size_t share = left / open_count;
            ret_rooms[i] = share > ROOM_MIN ? share : ROOM_MIN;
        }
    }
}
