// Memory for the compiled loop, and the checks of what it is handed.
#pragma once

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "task.hpp"

namespace whynet {

inline void expect(bool good, const char* what) {
    if (!good) throw std::invalid_argument(what);
}

// Large pages are quicker to get, and for memory that is read in random order the processor knows where they are.
inline void on_large_pages(void* memory, std::size_t bytes) {
#ifdef __linux__
    const std::uintptr_t page = 1 << 21, start = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
    const std::uintptr_t stop = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
    if (start < stop) madvise(reinterpret_cast<void*>(start), stop - start, MADV_HUGEPAGE);
#endif
}

template <class T>
struct Buffer {  // numbers aligned to 64 bytes, all zero at first
    explicit Buffer(std::size_t count) : numbers(new (std::align_val_t(64)) T[count + LANES]) {
        on_large_pages(numbers, (count + LANES) * sizeof(T));
        std::memset(numbers, 0, (count + LANES) * sizeof(T));
    }
    ~Buffer() { ::operator delete[](numbers, std::align_val_t(64)); }
    Buffer(const Buffer&) = delete;
    T* numbers;
};

constexpr std::size_t KEPT = std::size_t(1) << 30;  // bytes of working memory that a thread may keep

// Working memory, all zero at first, which its thread keeps for the next call: a step on all examples needs hundreds of
// megabytes, and to have them from the system anew took three times as long as the step.
template <class T>
T* working_memory(std::size_t count) {
    thread_local std::unique_ptr<Buffer<T>> kept;
    thread_local std::size_t room = 0;
    if (count > room || room * sizeof(T) > KEPT) {
        room = 0;
        kept.reset();
        kept = std::make_unique<Buffer<T>>(count);
        room = count;
    } else {
        std::memset(kept->numbers, 0, (count + LANES) * sizeof(T));
    }
    return kept->numbers;
}

}  // namespace whynet
