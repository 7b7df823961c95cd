# One line a fuzzer in FUZZ; FUZZSRC_name: the sources under test; FUZZLIBS_name: packages it needs.
FUZZ += cmdline
FUZZSRC_cmdline := loader/cmdline.c lib/format.c
