; SPDX-License-Identifier: GPL-2.0-or-later
; What user space's code relies on, before and after an interrupt through the NMI's gate.
;   in   rdi  256 bytes for xmm0 to xmm15     rsi  room for what they hold afterwards
;        rdx  room for 16 words: what lies below the stack pointer afterwards (before: 1 to 16)
bits 64
section .text
global nmi_probe

nmi_probe:
%assign n 0
%rep 16
	movdqu	xmm %+ n, [rdi + 16 * n]
	mov	qword [rsp - 8 * (n + 1)], n + 1
	%assign n n + 1
%endrep
	int	2
%assign n 0
%rep 16
	movdqu	[rsi + 16 * n], xmm %+ n
	mov	rax, [rsp - 8 * (n + 1)]
	mov	[rdx + 8 * n], rax
	%assign n n + 1
%endrep
	ret
