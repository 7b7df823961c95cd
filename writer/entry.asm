; SPDX-License-Identifier: GPL-2.0-or-later
; The writer's first instructions, entered by Linux's kexec jump (relocate_kernel_64.S).
;   in   64-bit mode, CPL 0, interrupts off, kexec's identity tables (RAM only), CR4 = PAE [+ LA57],
;        no usable GDT or IDT; rsp in the kernel's swap page, [rsp] = the kernel's return point
;   Nothing needs to be preserved but that page.
bits 64
default rel
extern program_relocate, program_start_cpu, writer_main
extern program_file_end, program_end
global entry

section .head.jump progbits alloc exec nowrite
	jmp	entry

section .head.magic progbits alloc noexec nowrite
	db	"TORPORWR"

section .parameters progbits alloc noexec write
global handoff_room
handoff_room:
	times 131072 db 0			; HANDOFF_BYTES

section .text
entry:
	cld
	mov	rbx, rsp
	mov	rbp, [rsp]
	lea	rdi, [program_file_end]		; kexec zero-fills, but a second jump comes in here too
	lea	rcx, [program_end]
	sub	rcx, rdi
	xor	eax, eax
	rep	stosb
	lea	rsp, [stack_top]
	mov	r12, cr0
	mov	r13, cr3
	mov	r14, cr4
	call	program_relocate
	call	program_start_cpu
	push	r14				; struct entry_state, downwards
	push	r13
	push	r12
	lea	rax, [entry]
	push	rax
	push	rbp
	push	rbx
	mov	rdi, rsp
	call	writer_main
	ud2

section .bss
align 4096
	resb	65536
stack_top:
