/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <string.h>

/* Where the authority of an absolute URI ends; 0 for any other target. */
static size_t authority_end(const char *target, size_t len)
{
	size_t i = 0;

	while (i < len && target[i] != ':' && target[i] != '/' && target[i] != '?')
		i++;
	if (len - i < 3 || memcmp(target + i, "://", 3) != 0)
		return 0;
	i += 3;
	while (i < len && target[i] != '/' && target[i] != '?' && target[i] != '#')
		i++;
	return i;
}

size_t path_of(const char *target, size_t len, const char **path)
{
	size_t start = authority_end(target, len);
	size_t end = start;

	while (end < len && target[end] != '?' && target[end] != '#')
		end++;
	*path = start && end == start ? "/" : target + start;
	return start && end == start ? 1 : end - start;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that three characters stand for; -1 if they are no escape. */
static int escaped(const char *at, const char *end)
{
	int high, low;

	if (end - at < 3 || *at != '%')
		return -1;
	high = hex_value(at[1]);
	low = hex_value(at[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* RFC 3986 section 2.3. */
static bool is_unreserved(int c)
{
	int folded = c | 0x20;

	return (folded >= 'a' && folded <= 'z' && c < 0x80) || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == '_' || c == '~';
}

/* One character of a path, and how many bytes it takes. */
struct piece {
	int byte; /* -1: what no path may hold, or a backslash, which is a slash to some */
	bool escaped;
	size_t len;
};

static struct piece piece_at(const char *at, const char *end)
{
	struct piece piece = {(unsigned char)*at, false, 1};

	if (*at == '%')
		piece = (struct piece){escaped(at, end), true, 3};
	if (piece.byte < (piece.escaped ? ' ' : '!') || piece.byte == '\\' || piece.byte == 0x7f)
		piece.byte = -1;
	return piece;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* Does reading 0 write this one otherwise? */
static bool is_rewritten(const char *at, const struct piece *piece)
{
	if (!piece->escaped)
		return piece->byte >= 0x80;
	return is_unreserved(piece->byte) || is_lower(at[1]) || is_lower(at[2]);
}

/* Where the look at a path stands. */
struct look {
	size_t pieces;
	int dots;     /* that the segment begins with, and has alone so far; -1: it has more */
	int all_dots; /* the same of a segment that only real slashes end */
	bool after_slash;
	bool plain;
	int liberties;
};

static bool is_dot_segment(int dots)
{
	return dots == 1 || dots == 2;
}

static void look_at_slash(struct look *look, bool escaped)
{
	if (escaped)
		look->liberties |= PATH_SLASHES;
	if (look->after_slash)
		look->liberties |= PATH_MERGED;
	if (look->after_slash && look->pieces == 1)
		look->liberties |= PATH_AUTHORITY;
	if (!escaped)
		look->plain &= !is_dot_segment(look->all_dots);
	look->all_dots = escaped ? -1 : 0;
	look->dots = 0;
	look->after_slash = true;
}

/* false if there is a parameter: `..;x` is `..` to servers that take it off first. */
static bool look_at_other(struct look *look, int byte)
{
	if (byte == ';' && is_dot_segment(look->dots))
		return false;
	look->dots = byte == '.' && look->dots >= 0 ? look->dots + 1 : -1;
	look->all_dots = byte == '.' && look->all_dots >= 0 ? look->all_dots + 1 : -1;
	look->after_slash = false;
	return true;
}

int path_liberties(const char *path, size_t len, bool *plain)
{
	const char *end = path + len;
	struct look look = {.plain = true};
	struct piece piece;

	*plain = true;
	if (!len || (len == 1 && *path == '*'))
		return 0;
	if (*path != '/')
		return -1;
	for (const char *at = path; at < end; at += piece.len, look.pieces++) {
		piece = piece_at(at, end);
		if (piece.byte < 0)
			return -1;
		look.plain &= !is_rewritten(at, &piece);
		if (piece.byte == '/')
			look_at_slash(&look, piece.escaped);
		else if (!look_at_other(&look, piece.byte))
			return -1;
	}
	*plain = look.plain && !is_dot_segment(look.all_dots);
	return look.liberties;
}

static bool is_slash(const struct piece *piece, unsigned reading)
{
	return piece->byte == '/' && (!piece->escaped || reading & PATH_SLASHES);
}

/* Behind `//host`; where it was if there is none. */
static const char *skip_authority(const char *path, const char *end, unsigned reading)
{
	const char *at = path;
	struct piece piece;

	for (int i = 0; i < 2; i++, at += piece.len) {
		piece = piece_at(at, end);
		if (!is_slash(&piece, reading))
			return path;
	}
	for (; at < end; at += piece.len) {
		piece = piece_at(at, end);
		if (is_slash(&piece, reading))
			break;
	}
	return at;
}

/* At most three bytes of one piece. false if they do not fit. */
static bool put(struct path *to, const struct piece *piece, unsigned reading)
{
	static const char digits[] = "0123456789ABCDEF";
	bool slash = is_slash(piece, reading);

	if (to->len + 3 > sizeof(to->room))
		return false;
	if (slash && reading & PATH_MERGED && to->len && to->room[to->len - 1] == '/')
		return true;
	if (slash || (piece->escaped ? is_unreserved(piece->byte) : piece->byte < 0x80)) {
		to->room[to->len++] = (char)piece->byte;
		return true;
	}
	to->room[to->len++] = '%';
	to->room[to->len++] = digits[piece->byte >> 4];
	to->room[to->len++] = digits[piece->byte & 15];
	return true;
}

/* RFC 3986 section 5.2.4, of a path that starts with a slash. Returns its new length. */
static size_t remove_dots(char *text, size_t len)
{
	size_t out = 0, end;

	for (size_t at = 0; at < len; at = end) {
		for (end = at + 1; end < len && text[end] != '/';)
			end++;
		bool here = end - at == 2 && text[at + 1] == '.';
		bool up = end - at == 3 && text[at + 1] == '.' && text[at + 2] == '.';
		while (up && out && text[--out] != '/')
			;
		if (!here && !up) {
			memmove(text + out, text + at, end - at);
			out += end - at;
		} else if (end == len) {
			text[out++] = '/';
		}
	}
	return out;
}

bool path_read(struct path *to, const char *path, size_t len, unsigned reading)
{
	const char *end = path + len;
	const char *at = reading & PATH_AUTHORITY ? skip_authority(path, end, reading) : path;
	struct piece piece;

	to->text = to->room;
	to->len = 0;
	if (at == end && at > path)
		to->room[to->len++] = '/';
	for (; at < end; at += piece.len) {
		piece = piece_at(at, end);
		if (!put(to, &piece, reading))
			return false;
	}
	to->len = remove_dots(to->room, to->len);
	return true;
}
