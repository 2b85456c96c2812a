heap_test_SOURCES := net/heap.cc
checksum_test_SOURCES := net/checksum.cc

# The network server's core with lwIP, all of it on this host.
net_core_test_SOURCES := tests/host/fake_platform.cc net/checksum.cc net/datagram_socket.cc \
    net/dispatch.cc tests/host/fake_heap.cc net/interface.cc net/output_queue.cc net/poll.cc \
    net/receive_queue.cc net/request.cc net/resolve.cc net/socket_list.cc net/socket_table.cc \
    net/status.cc net/tcp_socket.cc net/lwip_port/port.cc
host_lwip_includes := -Inet/lwip_port/include -isystem $(LWIP_DIR)/src/include
net_core_test_FLAGS := $(host_lwip_includes)
net_core_test_OBJECTS := $(patsubst $(LWIP_DIR)/src/%.c,$(OBJDIR)/tests/host/lwip/%.o,\
    $(wildcard $(LWIP_DIR)/src/core/*.c $(LWIP_DIR)/src/core/ipv4/*.c \
    $(LWIP_DIR)/src/netif/ethernet.c))
$(OBJDIR)/tests/host/lwip/%.o: $(LWIP_DIR)/src/%.c net/lwip_port/include/lwipopts.h
	$(call say,HOSTCXX,$<)
	@mkdir -p $(@D)
	$(Q)$(HOST_CXX) -x c -std=gnu11 -O1 -g -fsanitize=address -fno-omit-frame-pointer -w \
	    -Inet/lwip_port/include -I$(LWIP_DIR)/src/include -MMD -MP -c -o $@ $<
