; SPDX-License-Identifier: GPL-2.0-or-later
; The toy kernel's entry (registers as loader/entry.asm says) and its kexec jump.
bits 64
default rel
%include "loader/start.inc"
global toy_jump, writer_blob, writer_blob_end

start toy_main

section .head.magic progbits alloc noexec nowrite
	db	"TORPTOY", 0

section .text
; in   rdi  payload's entry     rsi  top of the swap page (one slot below its end)
; As relocate_kernel: rsp in the swap page, [rsp] the return point, CR4 only PAE and LA57, no IDT, no GDT.
toy_jump:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	mov	[saved_rsp], rsp
	mov	rax, cr3
	mov	[saved_cr3], rax
	mov	rax, cr4
	and	eax, (1 << 5) | (1 << 12)
	mov	cr4, rax
	lidt	[nothing]
	lgdt	[nothing]
	lea	rsp, [rsi + 8]
	call	rdi
	; Back, with rsp somewhere in the swap page and the tables of whoever jumped.
	mov	rax, [saved_cr3]
	mov	cr3, rax
	mov	rsp, [saved_rsp]
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret

section .rodata
align 4096
writer_blob:
	incbin	WRITER
writer_blob_end:

section .data
nothing:
	dw	0
	dq	0
saved_rsp:
	dq	0
saved_cr3:
	dq	0
