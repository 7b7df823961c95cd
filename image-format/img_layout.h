/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image on disk, version 1.0: structs as they lie in the area. All integers little-endian. The
 * specification is FORMAT.md; this file is its C form, and the sizes and offsets are asserted.
 *
 * The area is one linear run of bytes; extents (extent.c) say where its pieces lie on a disk.
 * Offsets are from the start of the area. Block = 4096 bytes.
 */
#ifndef IMAGE_FORMAT_LAYOUT_H
#define IMAGE_FORMAT_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define IMG_BLOCK_BYTES     4096u
#define IMG_PAGE_BYTES      4096u
#define IMG_N_HEADERS       2u /* copy i lies at i * IMG_HEADER_STRIDE */
#define IMG_HEADER_STRIDE   4096u
#define IMG_DATA_START      65536u         /* before it: headers, extent map */
#define IMG_MAGIC           "\x89TORPOR\n" /* 8 bytes, no terminating zero */
#define IMG_ROOT_MAGIC      "TORPROOT"
#define IMG_VERSION_MAJOR   1
#define IMG_VERSION_MINOR   0
#define IMG_NAME_BYTES      32   /* names are zero padded; at most 31 characters */
#define IMG_CHUNK_PAGES_MAX 256u /* LZ4 and raw: 1 MiB */
#define IMG_FILL_PAGES_MAX  0xffffffffu
#define IMG_BYTES_CHUNK_MAX (IMG_CHUNK_PAGES_MAX * IMG_PAGE_BYTES)
#define IMG_STORED_MAX      IMG_BYTES_CHUNK_MAX /* stored bytes of a chunk, whatever the codec */
#define IMG_INDEX_BLOCK_MAX 65536u              /* bytes of one index block */
#define IMG_ROOT_MAX        (1024u * 1024u)
#define IMG_PFN_LIMIT       (1ull << 40) /* 52 address bits */

enum img_state {
	IMG_EMPTY = 0,    /* an area, no image */
	IMG_VALID = 1,    /* may be resumed */
	IMG_LOADING = 2,  /* a loader tried, `attempts` times; may be resumed */
	IMG_LAUNCHED = 3, /* the saved system runs, or has run: never resumed again by itself */
	IMG_CONSUMED = 4, /* the resumed system has confirmed */
};

/* Bits of compat may be ignored by a reader that does not know them; incompat bits may not. */
#define IMG_INCOMPAT_KNOWN 0ull

/* compat: saved with no writable file system mounted; may be resumed any number of times. A reader
 * that does not know the bit resumes it once. */
#define IMG_COMPAT_REUSABLE 1ull

/* 512 bytes: one sector, so that a header is written whole or not at all. */
struct img_header {
	uint8_t magic[8];
	uint16_t version_major;
	uint16_t version_minor;
	uint32_t header_bytes; /* 512 */
	uint64_t compat;
	uint64_t incompat;
	uint64_t generation; /* the valid copy with the larger one counts */
	uint32_t state;      /* enum img_state */
	uint32_t attempts;
	uint8_t area_uuid[16];  /* set when the area is made */
	uint8_t image_uuid[16]; /* set by every save */
	uint64_t area_bytes;
	uint64_t root_offset; /* block-aligned */
	uint32_t root_bytes;  /* of the record tables, not rounded */
	uint32_t reserved0;   /* 0 */
	uint64_t root_hash;   /* XXH64 of those bytes */
	uint64_t used_bytes;  /* end of the last thing that belongs to the image, block-aligned */
	uint64_t created_unix_s;
	char label[64]; /* for people: kernel release, zero padded */
	uint8_t reserved1[312];
	uint64_t hash; /* XXH64 of the 504 bytes before */
};
static_assert(sizeof(struct img_header) == 512, "a header is one sector");
static_assert(offsetof(struct img_header, generation) == 32, "FORMAT.md");
static_assert(offsetof(struct img_header, root_offset) == 88, "FORMAT.md");
static_assert(offsetof(struct img_header, label) == 128, "FORMAT.md");
static_assert(offsetof(struct img_header, hash) == 504, "FORMAT.md");

/* The root: this, then node records, object records, index-block records. A record may be longer
 * than this version's (a later minor version): readers step by the size given here and ignore the
 * tail. */
struct img_root {
	uint8_t magic[8];
	uint16_t node_rec_bytes;
	uint16_t object_rec_bytes;
	uint16_t block_rec_bytes;
	uint16_t chunk_rec_bytes;
	uint32_t n_nodes;
	uint32_t n_objects;
	uint32_t n_blocks;
	uint32_t reserved; /* 0 */
};
static_assert(sizeof(struct img_root) == 32, "FORMAT.md");

struct img_node_rec {
	char name[IMG_NAME_BYTES];
	uint32_t first_object; /* index into the object records */
	uint32_t n_objects;
	uint64_t flags; /* 0 */
};
static_assert(sizeof(struct img_node_rec) == 48, "FORMAT.md");

enum img_object_type { IMG_PAGES = 1, IMG_BYTES = 2 };

struct img_object_rec {
	char name[IMG_NAME_BYTES];
	uint32_t type;   /* enum img_object_type */
	uint32_t flags;  /* 0 */
	uint64_t length; /* pages, or bytes */
	uint64_t n_chunks;
	uint32_t first_block; /* index into the index-block records */
	uint32_t n_blocks;
};
static_assert(sizeof(struct img_object_rec) == 64, "FORMAT.md");

struct img_block_rec {
	uint64_t offset; /* of the index block in the area, block-aligned */
	uint32_t n_chunks;
	uint32_t reserved; /* 0 */
	uint64_t hash;     /* XXH64 of n_chunks * chunk_rec_bytes bytes */
};
static_assert(sizeof(struct img_block_rec) == 24, "FORMAT.md");

enum img_codec {
	IMG_RAW = 0,  /* stored as is, offset block-aligned for pages: DMA puts it in place */
	IMG_LZ4 = 1,  /* one LZ4 block, offset 8-byte aligned */
	IMG_FILL = 2, /* nothing stored: every 64-bit word is `value` (pages only) */
};

/* One contiguous run. In an object chunks are in ascending order and do not overlap. */
struct img_chunk_rec {
	uint64_t first; /* frame number, or byte offset in the stream */
	uint32_t count; /* frames, or bytes */
	uint16_t codec; /* enum img_codec */
	uint16_t flags; /* 0 */
	union {
		uint64_t offset; /* in the area */
		uint64_t value;  /* IMG_FILL */
	};
	uint32_t stored_bytes; /* on disk; 0 for IMG_FILL */
	uint32_t reserved;     /* 0 */
	uint64_t hash;         /* XXH64 of the uncompressed content; 0 for IMG_FILL */
};
static_assert(sizeof(struct img_chunk_rec) == 40, "FORMAT.md");

/* ---- State streams: the content of a byte stream of structured state (state.h) ---- */

#define IMG_STREAM_MAGIC       "TORPSTAT"
#define IMG_STREAM_VERSION     1
#define IMG_STREAM_FIELDS_MAX  512u
#define IMG_STREAM_ELEMENT_MAX 65536u /* bytes of one element */
#define IMG_STREAM_ALIGN       8u     /* every object starts at a multiple */

/* Then objects, one after the other. */
struct img_stream {
	uint8_t magic[8];
	uint32_t version; /* IMG_STREAM_VERSION */
	uint32_t n_objects;
	uint64_t bytes;    /* of the whole stream, this included */
	uint64_t reserved; /* 0 */
};
static_assert(sizeof(struct img_stream) == 32, "FORMAT.md");

/* Then n_fields field records, then n_elements elements; zero padded to IMG_STREAM_ALIGN. */
struct img_stream_object {
	char name[IMG_NAME_BYTES];
	uint32_t version; /* of the struct; for people and for readers that convert */
	uint32_t n_fields;
	uint32_t element_bytes;
	uint32_t n_elements;
	uint64_t bytes;    /* of the whole object, this included: where the next one starts */
	uint64_t reserved; /* 0 */
};
static_assert(sizeof(struct img_stream_object) == 64, "FORMAT.md");

struct img_stream_field {
	char name[IMG_NAME_BYTES];
	uint16_t type;   /* enum state_type */
	uint16_t flags;  /* STATE_REQUIRED, STATE_CRITICAL */
	uint32_t offset; /* in the element */
	uint32_t size;   /* of one, bytes */
	uint32_t count;
};
static_assert(sizeof(struct img_stream_field) == 48, "FORMAT.md");

#endif
