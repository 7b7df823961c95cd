/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways to get the protocol wrong. Each must break a property, or the model looks at too little: run.py reads this
 * list. After the number: which properties may show it (any of them will do), in which setting (run.py: SETTINGS).
 */
#define MUT(n) (mutation == (n))

#define MUT_NO_FLUSH_BEFORE_HEADER  MUT(1)  /* 7 own: data and the header that names it in one go */
#define MUT_NO_FLUSH_AFTER_COPY     MUT(2)  /* 1,3 own: no copy of a header is made durable by itself */
#define MUT_NO_FLUSH_FIRST          MUT(3)  /* 3 own: what a reset left in the cache is believed durable */
#define MUT_NOT_EMPTY_FIRST         MUT(4)  /* 7 own: data of a new image under an old header */
#define MUT_ATTEMPT_LATE            MUT(5)  /* 8 bios-always: the attempt is counted after the restore */
#define MUT_ATTEMPT_NOT_COUNTED     MUT(6)  /* 8 bios-always */
#define MUT_LAUNCHED_LATE           MUT(7)  /* 1,2 own: after the jump */
#define MUT_LAUNCHED_ONE_COPY       MUT(8)  /* 1 own-sectors: a bad sector brings the older copy back */
#define MUT_START_NOT_COUNTED       MUT(9)  /* 4 own */
#define MUT_START_NOT_KEPT          MUT(10) /* 4 own: a full variable store, and the door goes on */
#define MUT_START_LATE              MUT(11) /* 4 own: counted by the core, after it could have refused */
#define MUT_CHOICE_KEPT             MUT(12) /* 4 grub: next_entry is not cleared */
#define MUT_CONSUME_EARLY           MUT(13) /* 3 stock: before the restore is complete */
#define MUT_CONSUME_LATE            MUT(14) /* 1 stock: after the jump */
#define MUT_NO_FLUSH_AFTER_SWAP     MUT(15) /* 1 stock */
#define MUT_FS_NOT_COMPARED         MUT(16) /* 2 own */
#define MUT_FACTS_FS_NOT_COMPARED   MUT(17) /* 2 stock */
#define MUT_BOOT_ID_NOT_COMPARED    MUT(18) /* 5 stock */
#define MUT_SNAPSHOT_NOT_RETRACTED  MUT(19) /* 1 own: marking it failed, the system goes on all the same */
#define MUT_COMMIT_NOT_RETRACTED    MUT(20) /* 1 own: so did the header of a save */
#define MUT_REUSABLE_AT_ONCE        MUT(21) /* 4,8 own: VALID again before its system runs */
#define MUT_BOTH_COPIES_AT_ONCE     MUT(22) /* 3 own: no flush first and none between the two */
#define MUT_SAME_COPY               MUT(23) /* 3 own: the copy that counts is overwritten */
#define MUT_REFUSED_IS_EMPTIED      MUT(24) /* 3 own: what is refused for good is thrown away */
#define MUT_STOCK_REFUSED_IS_LOST   MUT(25) /* 3,4 stock */
