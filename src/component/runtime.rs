//! What the standard library would bring: an allocator, the canonical ABI's reallocation, a panic
//! handler, and the lock of a machine with one thread. Without it the component imports no `wasi:` interface but the one it asks for.
//!
//! This is the one place with `unsafe` of our own.
#![allow(unsafe_code)]

use alloc::alloc::{Layout, alloc, handle_alloc_error, realloc};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

// `memcmp` and its kin come from the target's own libc.
#[link(name = "c")]
unsafe extern "C" {}

/// A panic is a bug, and ends the instance: the host sees a trap, never a result.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// A component has one thread, and nothing interrupts it: there is nothing to lock while the
/// table of multiples of P-256's generator is made.
struct OneThread;

critical_section::set_impl!(OneThread);

// SAFETY: with one thread and no interrupts every section is critical.
unsafe impl critical_section::Impl for OneThread {
    unsafe fn acquire() {}

    unsafe fn release((): ()) {}
}

/// Memory for what the host hands over; the canonical ABI's `realloc`.
///
/// # Safety
///
/// The host calls it by the canonical ABI: `old` is null, or came from here with `old_size` and
/// `align`; `align` is a power of two.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    if old_size == 0 && new_size == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: by the contract above, `align` is a power of two and the sizes are those of
    // allocations within a 32-bit memory; `old` came from this allocator with this layout.
    let new = unsafe {
        let layout = Layout::from_size_align_unchecked(old_size.max(1), align);
        match old_size {
            0 => alloc(Layout::from_size_align_unchecked(new_size, align)),
            _ => realloc(old, layout, new_size),
        }
    };
    if new.is_null() {
        handle_alloc_error(Layout::new::<u8>());
    }
    new
}
