/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writer program, carried by the command. WRITER: path of the file. */
	.section .rodata
	.balign 4096
	.globl writer_blob, writer_blob_end
writer_blob:
	.incbin WRITER
writer_blob_end:
	.section .note.GNU-stack, "", @progbits
