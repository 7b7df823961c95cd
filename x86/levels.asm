; SPDX-License-Identifier: GPL-2.0-or-later
; Changes between 4- and 5-level paging. Copied to a page below 4 GiB that both the old and the new
; tables map, and called there in 64-bit mode:
;   in   rdi  copy of the new root table, below 4 GiB     rsi  address of this copy
;        rdx  CR4.LA57 or 0     rcx  the new root table, anywhere
;   out  paging with the new tables; returns to the caller (whose code and stack both tables map)
;   clobbered  rax, rcx, rdx, r8-r11, flags. Interrupts stay off. GDT: selectors 0x08 code32,
;   0x10 code64, 0x18 data, as x86/entry.asm loads them, and the GDT must be mapped by both.
bits 64
default rel
section .text
global levels_trampoline, levels_trampoline_end

%define MSR_FS_BASE	0xc0000100

levels_trampoline:
	push	rbx
	push	rbp
	push	r12			; r8-r15 are undefined after a visit to legacy mode (SDM 3.4.1.1)
	push	r13
	push	r14
	push	r15
	mov	[rsi + rsp_saved - levels_trampoline], rsp	; may lie above 4 GiB
	sgdt	[rsi + gdt_saved - levels_trampoline]
	sidt	[rsi + idt_saved - levels_trampoline]
	mov	[rsi + root_saved - levels_trampoline], rcx
	mov	ebx, edx
	mov	ecx, MSR_FS_BASE	; may lie above 4 GiB: the canary's
	rdmsr
	mov	[rsi + fs_saved - levels_trampoline], eax
	mov	[rsi + fs_saved + 4 - levels_trampoline], edx
	mov	ecx, edi
	lea	eax, [rsi + code32 - levels_trampoline]
	mov	[rsi + far32 - levels_trampoline], eax
	lea	eax, [rsi + code64 - levels_trampoline]
	mov	[rsi + far64 - levels_trampoline], eax
	lea	eax, [rsi + gdt_local - levels_trampoline]
	mov	[rsi + gdt_local_ptr + 2 - levels_trampoline], rax
	mov	ebp, esi
	lgdt	[rsi + gdt_local_ptr - levels_trampoline]
	jmp	far dword [rsi + far32 - levels_trampoline]

bits 32
code32:
	mov	eax, 0x18
	mov	ds, ax
	mov	ss, ax
	mov	eax, cr0
	and	eax, 0x7fffffff		; paging off: leaves long mode's compatibility half
	mov	cr0, eax
	mov	eax, cr4
	and	eax, ~(1 << 12)
	or	eax, ebx
	mov	cr4, eax
	mov	cr3, ecx
	mov	eax, cr0
	or	eax, 0x80000000		; EFER.LME is still set: long mode again
	mov	cr0, eax
	jmp	far dword [ebp + far64 - levels_trampoline]

bits 64
code64:
	mov	esi, ebp
	mov	rax, [rsi + root_saved - levels_trampoline]
	mov	cr3, rax
	mov	rsp, [rsi + rsp_saved - levels_trampoline]
	lgdt	[rsi + gdt_saved - levels_trampoline]
	lidt	[rsi + idt_saved - levels_trampoline]
	mov	ecx, MSR_FS_BASE
	mov	eax, [rsi + fs_saved - levels_trampoline]
	mov	edx, [rsi + fs_saved + 4 - levels_trampoline]
	wrmsr
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	ret

align 8
gdt_local:
	dq	0
	dq	0x00cf9b000000ffff	; 0x08 code32
	dq	0x00af9b000000ffff	; 0x10 code64
	dq	0x00cf93000000ffff	; 0x18 data
gdt_local_ptr:
	dw	31
	dq	0
gdt_saved:
	dw	0
	dq	0
idt_saved:
	dw	0
	dq	0
rsp_saved:
	dq	0
root_saved:
	dq	0
fs_saved:
	dq	0
far32:
	dd	0
	dw	0x08
far64:
	dd	0
	dw	0x10
levels_trampoline_end:
