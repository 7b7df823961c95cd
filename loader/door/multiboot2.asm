; SPDX-License-Identifier: GPL-2.0-or-later
; torpor.mb2: what GRUB's `multiboot2` command loads (Multiboot2 specification 2.0). A flat binary:
; header, this stub, and the loader core as linked. GRUB may place it anywhere below 4 GiB (relocatable
; tag). The stub makes identity tables for the first 4 GiB, copies the core, enters 64-bit mode.
;   in (3.3 of the specification)  eax 0x36d76289, ebx information, 32-bit protected mode, paging off,
;                                  interrupts off; no stack, GDT not usable
;
; Memory behind the file: tables | the core's copy with its bss | the core's home (HOME_BYTES).
bits 32
org 0

%define TABLE_BYTES	(6 * 4096)
%define HOME_BYTES	(8 * 1024 * 1024)
%define MB2_MAGIC	0x36d76289
%define LINK		0x100000	; any: GRUB relocates
; CORE_MEMORY: program_header.memory_bytes of the core, given by the Makefile.
%define tables_offset	((file_end - start + 4095) / 4096 * 4096)
%define copy_offset	(tables_offset + TABLE_BYTES)
%define memory_end	(copy_offset + CORE_MEMORY + HOME_BYTES)

start:
header:
	dd	0xe85250d6, 0, header_end - header, -(0xe85250d6 + 0 + (header_end - header))
	align	8
	dw	2, 0			; address: load_addr is the link address, 1 MiB
	dd	24
	dd	LINK, LINK, LINK + (file_end - start), LINK + memory_end
	align	8
	dw	3, 0			; entry
	dd	12, LINK + (entry - start)
	align	8
	dw	10, 0			; relocatable: 1 MiB to 4 GiB, 4 KiB aligned, lowest first
	dd	24, 0x100000, 0xffffffff, 4096, 1
	align	8
	dw	1, 1			; wanted, not required: command line, memory maps, EFI table
	dd	24, 1, 6, 12, 17
	align	8
	dw	0, 0
	dd	8
header_end:

align 16
entry:
	cmp	eax, MB2_MAGIC
	jne	dead
	rdtsc
	mov	esi, eax
	mov	edi, edx
	; Where are we? A call needs a stack: the second word of the information is reserved, 3.4.
	lea	esp, [ebx + 8]
	call	.here
.here:
	pop	ebp
	sub	ebp, .here - start	; ebp: load address
	mov	[ebp + tsc - start], esi
	mov	[ebp + tsc + 4 - start], edi

	; Tables: PML4, PDPT, 4 page directories of 2 MiB pages.
	lea	edi, [ebp + tables_offset]
	mov	ecx, TABLE_BYTES / 4
	xor	eax, eax
	cld
	rep	stosd
	lea	edi, [ebp + tables_offset]
	lea	eax, [edi + 4096 + 3]
	mov	[edi], eax
	mov	ecx, 4
	lea	eax, [edi + 2 * 4096 + 3]
	lea	edx, [edi + 4096]
.pdpt:
	mov	[edx], eax
	add	eax, 4096
	add	edx, 8
	loop	.pdpt
	mov	ecx, 4 * 512
	mov	eax, 0x83
	lea	edx, [edi + 2 * 4096]
.pd:
	mov	[edx], eax
	add	eax, 0x200000
	add	edx, 8
	loop	.pd

	; The core is copied, so that the pristine one is left for the move into the region.
	mov	edx, edi
	lea	esi, [ebp + core - start]
	lea	edi, [ebp + copy_offset]
	mov	ecx, (file_end - core + 3) / 4
	rep	movsd

	mov	eax, cr4
	or	eax, 1 << 5		; PAE
	mov	cr4, eax
	mov	cr3, edx
	mov	ecx, 0xc0000080
	rdmsr
	or	eax, (1 << 8) | (1 << 11)	; LME, NXE
	wrmsr
	mov	eax, cr0
	or	eax, 1 << 31
	mov	cr0, eax
	lea	eax, [ebp + gdt - start]
	mov	[ebp + gdt_pointer + 2 - start], eax
	lgdt	[ebp + gdt_pointer - start]
	lea	eax, [ebp + code64 - start]
	mov	[ebp + far64 - start], eax
	jmp	far dword [ebp + far64 - start]

dead:
	cli
	hlt
	jmp	dead

bits 64
code64:
	mov	eax, 0x18
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	mov	ebp, ebp		; upper halves are undefined after the mode change
	mov	edi, ebx
	lea	rax, [rbp + copy_offset]
	mov	rdx, [rax + 8]		; program_header.memory_bytes
	lea	rsi, [rax + rdx]	; home follows the core's bss
	mov	edx, HOME_BYTES
	lea	rcx, [rbp + core - start]
	mov	r8, [rbp + tsc - start]
	jmp	rax

align 8
gdt:
	dq	0, 0x00cf9b000000ffff, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	dw	31
	dd	0
far64:
	dd	0
	dw	0x10
align 8
tsc:
	dq	0

align 16
core:
	incbin	CORE
file_end:
