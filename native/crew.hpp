// Workers that wait, spinning for a moment before they sleep, for jobs that take microseconds.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif

#include "task.hpp"

namespace whynet {

// Tells the processor that this is a loop that waits.
inline void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// A worker that is woken may be put where its waker runs, and then both wait for each other.
inline void keep_off_this_processor(std::thread& thread) {
#ifdef __linux__
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
    CPU_CLR(sched_getcpu(), &allowed);
    pthread_setaffinity_np(thread.native_handle(), sizeof allowed, &allowed);
#endif
}

class Threads : public Crew {
   public:
    explicit Threads(int count) : Crew{count, &Threads::start} {
        for (int worker = 1; worker < count; ++worker) {
            threads_.emplace_back([this, worker] { work(worker); });
            keep_off_this_processor(threads_.back());
        }
    }
    ~Threads() {
        stop_ = true;
        wake();
        for (auto& thread : threads_) thread.join();
    }
    Threads(const Threads&) = delete;

   private:
    static constexpr int SPINS = 10000;  // some hundred microseconds: longer than what one worker does alone
    static void start(Crew* crew, void (*job)(void*, int, int), void* data) {
        auto* self = static_cast<Threads*>(crew);
        self->job_ = job;
        self->data_ = data;
        self->busy_.store(self->workers - 1, std::memory_order_relaxed);
        self->wake();
        job(data, 0, self->workers);
        for (int turns = 0; self->busy_.load(std::memory_order_acquire) > 0; ++turns)
            turns < SPINS ? relax() : std::this_thread::yield();
    }
    void wake() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            round_.fetch_add(1, std::memory_order_release);
        }
        called_.notify_all();
    }
    void work(int worker) {
        unsigned seen = 0;
        while (true) {
            int turns = 0;
            while (round_.load(std::memory_order_acquire) == seen && ++turns < SPINS) relax();
            if (round_.load(std::memory_order_acquire) == seen) {
                std::unique_lock<std::mutex> lock(mutex_);
                called_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
            }
            ++seen;
            if (stop_) return;
            job_(data_, worker, workers);
            busy_.fetch_sub(1, std::memory_order_release);
        }
    }

    std::vector<std::thread> threads_;
    std::atomic<unsigned> round_{0};
    std::atomic<int> busy_{0};
    std::atomic<bool> stop_{false};
    void (*job_)(void*, int, int) = nullptr;
    void* data_ = nullptr;
    std::mutex mutex_;
    std::condition_variable called_;
};

}  // namespace whynet
