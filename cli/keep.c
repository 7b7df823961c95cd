/* SPDX-License-Identifier: GPL-2.0-or-later */
/* torpor keep: files kept beside an image, across reboots, by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "device_tag.h"
#include "json.h"
#include "kept_about.h"
#include "out_file.h"
#include "progress.h"
#include "say.h"
#include "spool.h"
#include "verb.h"

#define PIECE_BYTES (1u << 20)

struct keep {
	const char *area, *name, *path;
	bool replace, json;
};

/* ---- put ---- */

/* A pipe has no length: then only what was read is shown. */
static uint64_t length_of(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

static int copy_pieces(struct kept *k, int fd, const char *path, uint8_t *buf, struct progress *p,
	uint64_t *ret_bytes)
{
	for (;;) {
		ssize_t n = read(fd, buf, PIECE_BYTES);
		int err;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = errno;
			progress_end(p);
			return complain("cannot read %s: %s", path, strerror(err));
		}
		if (n == 0)
			return 0;
		err = store_bytes(&k->store, buf, (size_t)n);
		if (err)
			return err;
		*ret_bytes += (uint64_t)n;
		progress_show(p, *ret_bytes);
	}
}

static int copy_in(struct kept *k, int fd, const char *path, uint8_t *buf, uint64_t *ret_bytes)
{
	struct progress p;
	int err;

	*ret_bytes = 0;
	progress_begin(&p, length_of(fd));
	err = copy_pieces(k, fd, path, buf, &p, ret_bytes);
	progress_end(&p);
	return err;
}

#define TABLES_BYTES (128u << 10) /* about what index and root take, at least */

/* As if nothing could be compressed: what it would have become is not known. */
static int complain_full(struct kept *k, const struct keep *o, int fd)
{
	struct stat st;
	char size[SAY_SIZE_BYTES], room[SAY_SIZE_BYTES], more[SAY_SIZE_BYTES];
	uint64_t n_free = 0, need;

	store_discard(&k->store);
	if (store_free(&k->store, &n_free))
		n_free = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return complain(
			"%s: the store is full: %s are free", o->area, say_size(room, n_free));
	need = (uint64_t)st.st_size + TABLES_BYTES;
	return complain("%s: the store is full: %s are free, %s has %s: up to %s are missing",
		o->area, say_size(room, n_free), o->path, say_size(size, (uint64_t)st.st_size),
		say_size(more, need > n_free ? need - n_free : 0));
}

static int put_data(struct kept *k, const struct keep *o, int fd, uint64_t *ret_bytes)
{
	struct kept_about about = {.kept_unix_s = (uint64_t)time(NULL)};
	uint8_t *buf = image_buffer(PIECE_BYTES);
	int err;

	*ret_bytes = 0;
	if (!buf)
		return -1;
	err = store_prepare(&k->store, o->name);
	if (!err)
		err = store_object(&k->store, KEPT_DATA, IMG_BYTES);
	if (!err)
		err = copy_in(k, fd, o->path, buf, ret_bytes);
	free(buf);
	if (err == -1)
		return -1;
	if (!err)
		err = kept_about_put(&k->store, &about);
	if (!err)
		err = store_finish(&k->store, about.kept_unix_s);
	if (err == IMG_ERR_FULL)
		return complain_full(k, o, fd);
	if (err == IMG_ERR_WORK)
		return complain("%s: too many things are kept there", o->area);
	return err ? image_complain(&k->part, err, &k->store.fault) : 0;
}

/* Before the area: a pipe may have to wait for who writes to it, and nobody else should then. */
static int open_input(const char *path)
{
	int fd = spool_is_standard(path) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					 : open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd
		       : complain_as(
				 open_status(errno), "cannot open %s: %s", path, strerror(errno));
}

static int put(const struct keep *o)
{
	char size[SAY_SIZE_BYTES];
	uint64_t bytes;
	struct kept k;
	int err = -1, fd = open_input(o->path);

	if (fd < 0)
		return -1;
	if (!kept_open(&k, o->area, KEPT_CHANGE)) {
		if (store_has(&k.store, o->name) && !o->replace)
			complain("%s: %s is kept already (--replace, or drop it first)", o->area,
				o->name);
		else
			err = put_data(&k, o, fd, &bytes);
	}
	if (!err)
		say("%s: %s kept, %s\n", o->area, o->name, say_size(size, bytes));
	kept_close(&k);
	close(fd);
	return err;
}

/* ---- get ---- */

/* Perhaps it was, and the list that said so is damaged. */
static int not_kept(const struct kept *k, const struct keep *o)
{
	(void)complain_as(STATUS_MISSING, "%s: %s is not kept there", o->area, o->name);
	(void)kept_check_copies(k);
	return -1;
}

static int copy_out(struct kept *k, const struct img_object_rec *object, int fd, const char *path)
{
	uint8_t *block =
		image_buffer(IMG_INDEX_BLOCK_MAX + 2 * IMG_BYTES_CHUNK_MAX + IMG_BLOCK_BYTES);
	uint8_t *content = block + IMG_INDEX_BLOCK_MAX, *scratch = content + IMG_BYTES_CHUNK_MAX;
	struct img_cursor cursor;
	struct img_chunk_rec c;
	struct progress p;
	int err, written = 0;

	if (!block)
		return -1;
	err = img_cursor_init(&cursor, &k->store.r, object, block);
	progress_begin(&p, object->length);
	p.is_terminal &= fd != STDOUT_FILENO || !isatty(fd);
	while (!err && !written && (err = img_next(&cursor, &c)) > 0) {
		err = img_read_chunk(&k->store.r, &c, scratch, content);
		if (!err && (written = spool_write(fd, content, c.count)))
			break;
		progress_show(&p, c.first + c.count);
	}
	progress_end(&p);
	free(block);
	if (written)
		return complain("cannot write %s: %s", path, strerror(written));
	return err ? image_complain(&k->part, err, &k->store.r.fault) : 0;
}

static int get_file(struct kept *k, const struct img_object_rec *object, const struct keep *o)
{
	enum out_how how = o->replace ? OUT_REPLACE : OUT_NEW;
	struct out_file out;

	if (out_file_begin(&out, o->path, how, "--replace", k->whole.fd))
		return -1;
	return out_file_end(&out, copy_out(k, object, out.fd, out.path));
}

static int get(const struct keep *o)
{
	struct img_object_rec object;
	struct kept k;
	int err = kept_open(&k, o->area, KEPT_LOOK);

	if (!err && store_find(&k.store, o->name, KEPT_DATA, &object))
		err = not_kept(&k, o);
	else if (!err && object.type != IMG_BYTES)
		err = complain("%s: %s is not a file", o->area, o->name);
	else if (!err && o->path && !spool_is_standard(o->path))
		err = get_file(&k, &object, o);
	else if (!err)
		err = copy_out(&k, &object, STDOUT_FILENO, "standard output");
	kept_close(&k);
	return err;
}

/* ---- list, drop ---- */

static const char *date_text(char ret[32], uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (!unix_s || !localtime_r(&t, &tm) || !strftime(ret, 32, "%Y-%m-%dT%H:%M:%S%z", &tm))
		strcpy(ret, "-");
	return ret;
}

static void list_node(const struct kept *k, const struct img_node_rec *node, json_t *all)
{
	uint64_t bytes = kept_data_bytes(k, node);
	struct kept_about about;
	json_t *one;
	char date[32];

	kept_about_get(k, node, &about);
	if (!all) {
		say("%-31.*s %12" PRIu64 " bytes  %s\n", IMG_NAME_BYTES, node->name, bytes,
			date_text(date, about.kept_unix_s));
		return;
	}
	one = json_object();
	json_enter(one, "name", json_text(node->name, sizeof(node->name)));
	json_enter(one, "bytes", json_number(bytes));
	json_enter(one, "kept_unix_s",
		about.kept_unix_s ? json_number(about.kept_unix_s) : json_null());
	json_add(all, one);
}

static int list_open(struct kept *k, json_t *object)
{
	json_t *all = object ? json_array() : NULL;
	char size[SAY_SIZE_BYTES];
	struct img_node_rec node;
	uint64_t n_free;
	int err;

	for (uint32_t i = 0; store_at(&k->store, i, &node) == 0; i++)
		list_node(k, &node, all);
	if (object)
		json_enter(object, "kept", all);
	err = store_free(&k->store, &n_free);
	if (err)
		return image_complain(&k->part, err, &k->store.fault);
	if (object)
		json_enter(object, "free_bytes", json_number(n_free));
	else
		say("%" PRIu32 " kept, %s free\n", store_count(&k->store), say_size(size, n_free));
	return kept_check_copies(k);
}

static int list(const struct keep *o)
{
	json_t *object = o->json ? json_object() : NULL;
	struct kept k;
	int err;

	if (object)
		json_enter(object, "area", json_text(o->area, SIZE_MAX));
	err = kept_open(&k, o->area, KEPT_LOOK);
	if (!err)
		err = list_open(&k, object);
	kept_close(&k);
	if (object && json_print(object, err ? failure_status() : STATUS_OK) != STATUS_OK)
		err = -1;
	return err;
}

static int drop(const struct keep *o)
{
	struct kept k;
	int err = kept_open(&k, o->area, KEPT_CHANGE);

	if (!err) {
		err = store_drop(&k.store, o->name, (uint64_t)time(NULL));
		if (err == IMG_ERR_NOT_FOUND)
			err = not_kept(&k, o);
		else if (err)
			err = image_complain(&k.part, err, &k.store.fault);
	}
	kept_close(&k);
	return err;
}

/* ---- The command ---- */

static const struct act {
	const char *name;
	int (*run)(const struct keep *o);
	int least, most; /* arguments after it */
} acts[] = {
	{"put", put, 2, 2},
	{"get", get, 1, 2},
	{"list", list, 0, 0},
	{"drop", drop, 1, 1},
};

static const struct act *find_act(const char *name, int n)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
		if (!strcmp(name, acts[i].name) && n >= acts[i].least && n <= acts[i].most)
			return &acts[i];
	return NULL;
}

static bool good_name(const char *name)
{
	size_t n = 0;

	while (name[n] > ' ' && name[n] <= '~')
		n++;
	return n > 0 && n < IMG_NAME_BYTES && !name[n];
}

static int take_option(void *ctx, int letter, const char *arg)
{
	struct keep *o = ctx;

	if (letter == 'i')
		o->area = arg;
	else if (letter == 'q')
		say_quietly();
	else if (letter == 'j')
		o->json = true;
	else
		o->replace = true;
	return 0;
}

/* What would have no effect was meant otherwise. */
static int check_options(const struct keep *o, const struct act *act)
{
	if (o->json && act->run != list)
		return complain("keep: --json is of list");
	if (o->replace && act->run != put && act->run != get)
		return complain("keep: --replace is of put and get");
	if (o->replace && act->run == get && (!o->path || spool_is_standard(o->path)))
		return complain("keep: --replace is of a FILE, not of standard output");
	return 0;
}

int keep_main(int argc, char **argv)
{
	struct keep o = {0};
	const struct act *act;
	int n, at = verb_options(&keep_verb, argc, argv, take_option, &o);

	if (at < 0)
		return STATUS_USAGE;
	n = argc - at - 1;
	act = find_act(argv[at], n);
	if (!act || !o.area) {
		complain("keep: put NAME FILE, get NAME [FILE], list or drop NAME; and --in AREA");
		return STATUS_USAGE;
	}
	o.name = n > 0 ? argv[at + 1] : NULL;
	o.path = n > 1 ? argv[at + 2] : NULL;
	if (o.name && !good_name(o.name)) {
		complain("keep: a name has 1 to 31 characters, no blanks, only ASCII");
		return STATUS_USAGE;
	}
	if (check_options(&o, act))
		return STATUS_USAGE;
	o.area = device_tag_path(o.area);
	return !o.area || act->run(&o) ? failure_status() : STATUS_OK;
}

const struct verb keep_verb = {
	.name = "keep",
	.run = keep_main,
	.summary = "keep files behind an area, across reboots, saves and resumes",
	.forms = {"keep put NAME FILE|- --in AREA", "keep get NAME [FILE|-] --in AREA",
		"keep list [--json] --in AREA", "keep drop NAME --in AREA"},
	.least = 1,
	.most = 3,
	.options = {{'i', "--in AREA", "an area that was made by torpor format --keep", 0},
		{'r', "--replace",
			"put: also when something of that name is kept; get: also when FILE is there "
			"already",
			0},
		{'j', "--json", "list: for programs, see torpor(8)", 0},
		{'q', "-q, --quiet", "no progress, no summary", 0}},
};
