; SPDX-License-Identifier: GPL-2.0-or-later
; The loader core inside torpor.efi.
bits 64
section .rodata
global core_blob, core_blob_end
align 4096
core_blob:
	incbin	CORE
core_blob_end:
