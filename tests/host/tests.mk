# What each unit test is linked with, beside its own file: NAME_SOURCES for NAME.cc.

fake_kernel := tests/host/fake_kernel.cc tests/host/fake_pci.cc

pci_test_SOURCES := kern/dev/pci.cc kern/dev/pci_names.cc $(fake_kernel)
e1000_driver := kern/dev/e1000.cc kern/dev/e1000_transmit.cc kern/dev/e1000_receive.cc \
    kern/dev/e1000_offload.cc kern/dev/e1000_state.cc kern/dev/nic_offload.cc \
    kern/dev/nic_trace.cc kern/dev/pci.cc kern/dev/pci_names.cc kern/dev/pci_drivers.cc \
    tests/host/e1000_model.cc $(fake_kernel)
e1000_test_SOURCES := $(e1000_driver)
e1000_offload_test_SOURCES := $(e1000_driver)
net_calls_test_SOURCES := kern/syscall/net.cc kern/env/frame_watch.cc \
    tests/host/fake_environment.cc $(e1000_driver)
http_request_test_SOURCES := user/httpd/request.cc user/httpd/path.cc user/httpd/text.cc \
    user/httpd/conditional.cc user/httpd/range.cc user/httpd/date.cc
file_system_test_SOURCES := fs/file_system.cc
block_cache_test_SOURCES := fs/journal.cc fs/block_cache.cc
power_cut_test_SOURCES := fs/block_cache.cc fs/journal.cc fs/file_system.cc \
    fs/tools/image_check.cc
image_check_test_SOURCES := fs/journal.cc fs/tools/image_check.cc fs/file_system.cc
image_tree_test_SOURCES := fs/journal.cc fs/tools/image_tree.cc fs/file_system.cc
image_builder_test_SOURCES := fs/format/image_builder.cc fs/file_system.cc
memory_test_SOURCES := kern/memory/frames.cc kern/memory/boot_memory.cc \
    kern/memory/address_space.cc kern/env/elf.cc
screen_test_SOURCES := kern/dev/console_screen.cc tests/host/fake_ports.cc
keyboard_test_SOURCES := kern/dev/console_keyboard.cc tests/host/fake_ports.cc
serial_test_SOURCES := kern/dev/console_serial.cc
line_editor_test_SOURCES := lib/line_editor.cc
symbols_test_SOURCES := kern/debug/symbols.cc
shell_parser_test_SOURCES := user/sh/parser.cc
