// System calls that change what an environment maps.
#include <algorithm>
#include <utility>

#include "kern/env/environment.hh"
#include "kern/env/words.hh"
#include "kern/memory/user_memory.hh"
#include "kern/syscall/syscalls.hh"

namespace {

Result<void> check_page(uintptr_t va)
{
    return va < UTOP && va % page_size == 0 ? Result<void>() : Error::invalid_argument;
}

Result<void> check_run(uintptr_t va, uint32_t count)
{
    TRY(check_page(va));
    return count <= (UTOP - va) / page_size ? Result<void>() : Error::invalid_argument;
}

Result<void> check_rights(uint32_t perm)
{
    constexpr uint32_t needed = PTE_U | PTE_P;
    const bool right = (perm & needed) == needed && (perm & ~static_cast<uint32_t>(PTE_SYSCALL)) == 0;
    return right ? Result<void>() : Error::invalid_argument;
}

Result<Environment*> target_of(Environment& caller, uint32_t id)
{
    return Environment::find(caller, static_cast<envid_t>(id), true);
}

constexpr uint32_t pages_a_turn = 512;

Error give_up(Environment& target, uintptr_t va, uint32_t allocated)
{
    for (uint32_t i = 0; i < allocated; ++i) {
        target.space.unmap(va + i * page_size);
    }
    return Error::no_memory;
}

}   // namespace

// page_alloc(env, va, perm): a zeroed page, in place of what was there.
SyscallResult sys_page_alloc(Environment& caller, const SyscallArguments& arguments)
{
    return sys_page_alloc_run(caller, {arguments.a1, arguments.a2, 1, arguments.a3});
}

// page_alloc_run(env, va, count, perm): all or, out of memory, none. A long run is done a piece a
// turn, because pages take time to be cleared.
SyscallResult sys_page_alloc_run(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target = TRY(target_of(caller, arguments.a1));
    const uintptr_t va = arguments.a2;
    const uint32_t count = arguments.a3;
    TRY(check_run(va, count));
    TRY(check_rights(arguments.a4));
    const uint32_t begin = std::min(std::exchange(caller.progress, 0), count);
    PageAllowance& payer = target->allowance().pages();
    if (!payer.allows(count - begin)) {
        return give_up(*target, va, begin);
    }
    const uint32_t end = std::min(count, begin + pages_a_turn);
    for (uint32_t i = begin; i < end; ++i) {
        Result<PageFrame> frame = PageFrame::allocate_for(payer);
        if (!frame || !target->space.map(va + i * page_size, std::move(*frame), arguments.a4)) {
            return give_up(*target, va, i);
        }
    }
    if (end == count) {
        return 0;
    }
    caller.progress = end;
    return caller.continue_later();
}

// page_map(src_env, src_va, dst_env, dst_va, perm): share a page.
SyscallResult sys_page_map(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const source = TRY(target_of(caller, arguments.a1));
    Environment* const target = TRY(target_of(caller, arguments.a3));
    TRY(check_page(arguments.a2));
    TRY(check_page(arguments.a4));
    TRY(check_rights(arguments.a5));
    const Pte entry = source->space.entry(arguments.a2);
    if (entry == 0 || ((arguments.a5 & PTE_W) != 0 && (entry & PTE_W) == 0)) {
        return Error::invalid_argument;
    }
    TRY(target->space.map(arguments.a4, TRY(source->space.share(arguments.a2)), arguments.a5));
    return 0;
}

// page_unmap(env, va)
SyscallResult sys_page_unmap(Environment& caller, const SyscallArguments& arguments)
{
    return sys_page_unmap_run(caller, {arguments.a1, arguments.a2, 1});
}

// page_unmap_run(env, va, count)
SyscallResult sys_page_unmap_run(Environment& caller, const SyscallArguments& arguments)
{
    Environment* const target = TRY(target_of(caller, arguments.a1));
    TRY(check_run(arguments.a2, arguments.a3));
    const uintptr_t end = arguments.a2 + arguments.a3 * page_size;
    const AddressSpace& space = target->space;
    for (uintptr_t va = space.next_mapped(arguments.a2, end); va < end;
         va = space.next_mapped(va + page_size, end)) {
        const Pte entry = space.entry(va);
        target->space.unmap(va);
        if (entry != 0) {
            wake_page_waiters(pte_address(entry));
        }
    }
    return 0;
}

// memory_info(info)
SyscallResult sys_memory_info(Environment& caller, const SyscallArguments& arguments)
{
    const FrameCounts counts = frame_counts();
    MemoryInfo info;
    info.total_pages = counts.total;
    info.free_pages = counts.free;
    info.kernel_pages = counts.kernel;
    info.environments = static_cast<uint32_t>(Environment::count());
    TRY(UserObject<MemoryInfo>(caller, arguments.a1).write(info));
    return 0;
}
