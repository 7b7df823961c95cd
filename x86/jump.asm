; SPDX-License-Identifier: GPL-2.0-or-later
; Into the old kernel. See jump.h.
bits 64
default rel
section .text
global jump_kexec_return, jump_restore_registers

%define CR0_WP		(1 << 16)
%define CR4_PAE		(1 << 5)
%define CR4_LA57	(1 << 12)
%define MSR_EFER	0xc0000080

; in   rdi  struct kexec_return *
; The kernel's code at the return point needs: 64-bit mode, IF = 0, DF = 0, CS = 0x10, CR4 with nothing
; but PAE and LA57 (as it left it at entry), CR0.WP = 1 (it writes CR4 before CR0, and CET in CR4 wants
; WP), EFER.NXE, its own GDT unless it loads that itself, and at [rsp] the next entry.
jump_kexec_return:
	cli
	cld
	mov	rax, cr0
	or	rax, CR0_WP
	mov	cr0, rax
	mov	rax, cr4
	and	rax, CR4_PAE | CR4_LA57
	mov	cr4, rax
	mov	ecx, MSR_EFER
	mov	eax, [rdi + 16]
	mov	edx, [rdi + 20]
	wrmsr
	mov	rsi, [rdi + 8]
	mov	rsp, [rdi]
	cmp	qword [rdi + 32], 0
	je	.no_gdt
	lgdt	[rdi + 30]
.no_gdt:
	; Kernels up to 6.13 read the next entry at 0(%rsp), newer ones pop it: this serves both.
	pop	rax
	push	rsi
	jmp	rax

; in   rdi  virtual address of restore_registers     rsi  the kernel's CR3
; It wants r9 = CR3, long mode, IF = 0, CS = 0x10, EFER.NXE, CR4.PCIDE = 0, the kernel's paging mode, no
; global pages; CR0.WP = 1 because its own CR4 may have CET. It brings its own GDT, IDT and stack.
jump_restore_registers:
	cli
	cld
	mov	rax, cr0
	or	rax, CR0_WP
	mov	cr0, rax
	mov	rax, cr4
	and	rax, CR4_PAE | CR4_LA57
	mov	cr4, rax
	mov	r9, rsi
	jmp	rdi
