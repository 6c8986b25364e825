// Dropout and Gaussian noise.
#pragma once

#include "../noise.hpp"
#include "../pass.hpp"

namespace whynet::ISA {

template <class T>
struct Chance : LayerOf<T> {
    static constexpr bool BY_ROW = true;
    static std::size_t row(const Layer&) { return 0; }
    static int chunks(const Layer&) { return MOST_CHUNKS; }
    using LayerOf<T>::pass, LayerOf<T>::l, LayerOf<T>::task, LayerOf<T>::layer, LayerOf<T>::stage, LayerOf<T>::batch;

    void lay_out(Memory<T>& memory) const {
        const int width = padded(layer.out);
        T* y = memory.take(std::size_t(task.batch) * width);
        pass.stages[l] = {y, memory.take(std::size_t(task.batch) * width), nullptr, nullptr, width};
    }

    std::size_t work() const {
        constexpr int HASHING = 32;  // a random number takes as long as so many multiplications
        return std::size_t(batch) * stage.width * HASHING;
    }

    void forward_row(int i, int) const {
        const std::size_t at = std::size_t(i) * stage.width;
        const std::uint64_t key = row_key(layer, task.seed, pass.number, i);
        std::memcpy(stage.y + at, pass.input_of(l) + at, stage.width * sizeof(T));
        if (layer.kind == Kind::dropout)
            drop(layer.strength, key, stage.y + at, stage.slope + at, layer.out);
        else
            add_noise(layer.strength, key, stage.y + at, stage.slope + at, layer.out);
    }

    T* backward_row(T* dz, int, bool, int, int) const { return dz; }  // the slope was all
    void before_backward() const {}
    void update(const Step<T>&, int) const {}
};

}  // namespace whynet::ISA
