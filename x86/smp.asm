; SPDX-License-Identifier: GPL-2.0-or-later
; Where another processor begins: in real mode, at the start of the page below 1 MiB that smp.c has copied
; this to. Through protected mode into 64-bit mode, and away from the page.
;   in   CS = page / 16, IP = 0
;   out  jump to smp_entry_, in 64-bit mode on the tables of the parameters, with
;        rbx  the page
bits 16
default abs
section .text
global smp_trampoline_, smp_trampoline_end_, smp_parameters_, smp_entry_
extern smp_arrive_

%define AT(label)	(label - smp_trampoline_)
%define MSR_EFER	0xc0000080

smp_trampoline_:
	cli
	cld
	mov	ax, cs
	mov	ds, ax
	xor	ebx, ebx
	mov	bx, ax
	shl	ebx, 4
	o32 lgdt [AT(parameters.gdt)]
	mov	eax, cr0
	or	al, 1
	mov	cr0, eax
	jmp	dword far [AT(parameters.far32)]

bits 32
code32:
	mov	ax, 0x18
	mov	ds, ax
	mov	ss, ax
	mov	eax, [ebx + AT(parameters.cr4)]
	mov	cr4, eax
	mov	eax, [ebx + AT(parameters.cr3)]
	mov	cr3, eax
	mov	ecx, MSR_EFER
	xor	edx, edx
	mov	eax, [ebx + AT(parameters.efer)]
	wrmsr
	mov	eax, [ebx + AT(parameters.cr0)]
	mov	cr0, eax		; caches on, paging on: long mode
	jmp	far dword [ebx + AT(parameters.far64)]

bits 64
code64:
	mov	ebx, ebx		; the upper half is undefined after legacy mode
	jmp	[rbx + AT(parameters.entry)]

align 8
smp_parameters_:			; struct parameters in smp.c
parameters:
.entry:	dq	0
.top:	dq	0			; of the stack below the first one
.bytes:	dq	0			; of a stack
.cr0:	dd	0
.cr3:	dd	0
.cr4:	dd	0
.efer:	dd	0
.next:	dd	0
.far32:	dd	AT(code32)		; smp.c adds the page
	dw	0x08
.far64:	dd	AT(code64)
	dw	0x10
.gdt:	dw	31
	dd	AT(table)
	dw	0
table:	dq	0
	dq	0x00cf9b000000ffff	; 0x08 code32
	dq	0x00af9b000000ffff	; 0x10 code64
	dq	0x00cf93000000ffff	; 0x18 data
smp_trampoline_end_:

; In the program itself: takes a number and the stack that belongs to it.
default rel
smp_entry_:
	mov	edi, 1
	lock xadd [rbx + AT(parameters.next)], edi
	mov	rax, [rbx + AT(parameters.bytes)]
	imul	rax, rdi
	add	rax, [rbx + AT(parameters.top)]
	mov	rsp, rax
	xor	eax, eax
	mov	ss, eax
	push	rax			; where a return address would be
	jmp	smp_arrive_
