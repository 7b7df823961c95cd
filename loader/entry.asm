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
extern program_relocate, program_start_cpu, loader_main
extern program_file_end, program_end
global entry

section .head.jump progbits alloc exec nowrite
	jmp	entry

section .head.magic progbits alloc noexec nowrite
	db	"TORPORLD"

section .parameters progbits alloc noexec write
global boot_info_room
boot_info_room:
	times 32768 db 0

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
	call	loader_main
	ud2

section .bss
align 4096
	resb	65536
stack_top:
