; SPDX-License-Identifier: GPL-2.0-or-later
; Exception entry: 32 stubs of equal size push a vector number, the common part saves the registers as
; struct trap_frame, calls trap_handle, and returns from the exception when that returns.
bits 64
default rel
section .text
global trap_stubs, traps_load_segments
extern trap_handle

; in   rdi  pointer to a GDT descriptor (limit, base)
; out  GDT loaded, CS = 0x10, DS = ES = SS = 0x18, FS = GS = 0.   clobbered  rax, flags
traps_load_segments:
	lgdt	[rdi]
	mov	eax, 0x18
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	pop	rax
	push	0x10
	push	rax
	o64 retf

align 16
trap_stubs:
%assign vector 0
%rep 32
	align	16
	%if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
	%else
	push	0			; the processor pushed no error code
	%endif
	push	vector
	jmp	near trap_common
	%assign vector vector + 1
%endrep
	align	16

trap_common:
	push	rax
	push	rbx
	push	rcx
	push	rdx
	push	rsi
	push	rdi
	push	rbp
	push	r8
	push	r9
	push	r10
	push	r11
	push	r12
	push	r13
	push	r14
	push	r15
	cld
	mov	rdi, rsp
	mov	rbx, rsp
	and	rsp, ~15
	call	trap_handle
	mov	rsp, rbx
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	r11
	pop	r10
	pop	r9
	pop	r8
	pop	rbp
	pop	rdi
	pop	rsi
	pop	rdx
	pop	rcx
	pop	rbx
	pop	rax
	add	rsp, 16
	iretq

section .rodata
global trap_stub_bytes
trap_stub_bytes:
	dd	16
