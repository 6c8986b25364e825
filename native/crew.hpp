// Workers that wait, spinning for a moment before they sleep, for jobs that take microseconds.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "task.hpp"

namespace whynet {

class Threads : public Crew {
   public:
    explicit Threads(int count) : Crew{count, &Threads::start} {
        for (int worker = 1; worker < count; ++worker) threads_.emplace_back([this, worker] { work(worker); });
    }
    ~Threads() {
        stop_ = true;
        wake();
        for (auto& thread : threads_) thread.join();
    }
    Threads(const Threads&) = delete;

   private:
    static void start(Crew* crew, void (*job)(void*, int, int), void* data) {
        auto* self = static_cast<Threads*>(crew);
        self->job_ = job;
        self->data_ = data;
        self->busy_.store(self->workers - 1, std::memory_order_relaxed);
        self->wake();
        job(data, 0, self->workers);
        for (int turns = 0; self->busy_.load(std::memory_order_acquire) > 0; ++turns)
            if (turns > 2000) std::this_thread::yield();
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
            while (round_.load(std::memory_order_acquire) == seen && turns < 20000) ++turns;
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
