; The toy kernel's entry (registers as loader/entry.asm says) and its kexec jump.
bits 64
default rel
extern program_relocate, program_start_cpu, toy_main
extern program_file_end, program_end
global entry, toy_jump, writer_blob, writer_blob_end

section .head.jump progbits alloc exec nowrite
	jmp	entry

section .head.magic progbits alloc noexec nowrite
	db	"TORPTOY", 0

section .text
entry:
	cli
	cld
	mov	rbx, rdi
	mov	rbp, rcx
	lea	rdi, [program_file_end]
	lea	rcx, [program_end]
	sub	rcx, rdi
	xor	eax, eax
	rep	stosb
	lea	rsp, [stack_top]
	mov	r12, rsi
	mov	r13, rdx
	mov	r14, r8
	call	program_relocate
	call	program_start_cpu
	mov	rdi, rbx
	mov	rsi, r12
	mov	rdx, r13
	mov	rcx, rbp
	mov	r8, r14
	call	toy_main
	ud2

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

section .bss
align 4096
	resb	65536
stack_top:
