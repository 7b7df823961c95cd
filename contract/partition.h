/* The GPT type of a partition that is a Torpor area: e047a509-6622-4ea9-801b-38b10cafdc82. */
#ifndef CONTRACT_PARTITION_H
#define CONTRACT_PARTITION_H

#define TORPOR_PARTITION_TYPE "e047a509-6622-4ea9-801b-38b10cafdc82"

/* As the 16 bytes lie in a partition entry (UEFI 2.10, 5.3.3: the first three groups little-endian). */
#define TORPOR_PARTITION_TYPE_BYTES                                                                \
	{0x09, 0xa5, 0x47, 0xe0, 0x22, 0x66, 0xa9, 0x4e, 0x80, 0x1b, 0x38, 0xb1, 0x0c, 0xaf, 0xdc, \
			0x82}

#endif
