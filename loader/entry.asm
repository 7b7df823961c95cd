; SPDX-License-Identifier: GPL-2.0-or-later
; The loader's first instructions as a program of its own (the "core"), wherever it was put.
;   in   64-bit mode, CPL 0, interrupts off, identity tables that map the program, its parameter room,
;        its home memory and rdi's block; struct boot_info in the parameter room (front doors and the
;        move into the region put it there), or rdi = multiboot2 information for it to be made from.
;        rdi  multiboot2 information, or 0        rsi  home memory    rdx  its bytes
;        rcx  the program as linked (pristine)    r8   TSC at the front door's first instruction
;        rsi to r8 count only with rdi != 0
;   never returns
bits 64
default rel
%include "loader/start.inc"

start loader_main

section .head.magic progbits alloc noexec nowrite
	db	"TORPORLD"

section .parameters progbits alloc noexec write
global boot_info_room
boot_info_room:
	times 40960 db 0			; PROGRAM_PARAMETER_BYTES
