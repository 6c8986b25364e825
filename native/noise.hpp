// Chance: the hash of (seed, step, layer, row, unit) that noise.py spells out.
#pragma once

#include <cmath>

#include "task.hpp"
#include "vec.hpp"

namespace whynet::ISA {

constexpr std::uint64_t GOLDEN = 0x9E3779B97F4A7C15ULL;
static inline std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static inline std::uint64_t row_key(const Layer& layer, std::uint64_t seed, std::uint64_t step, int row) {
    std::uint64_t key = 0;
    const std::uint64_t parts[] = {seed, step, layer.index};
    for (std::uint64_t part : parts) key = mix(key + GOLDEN * (part + 1));
    return key + (std::uint64_t(row) << 32) * GOLDEN;
}

template <class T>
static void drop(double rate, std::uint64_t key, T* __restrict y, T* __restrict slope, int n) {
    const float least = float(rate);
    const T scale = T(1 / (1 - rate));
    for (int j = 0; j < n; ++j) {
        const float uniform = float(std::int32_t(mix(std::uint64_t(j) * GOLDEN + key) >> 40)) * (1.0f / 16777216.0f);
        slope[j] = uniform >= least ? scale : T(0);
        y[j] *= slope[j];
    }
}

// Box and Muller's sqrt(-2 ln(1 - first)) cos(2 pi second), of two times 24 bits.
template <class T>
static void add_noise(double sd, std::uint64_t key, T* __restrict y, T* __restrict slope, int n) {
    constexpr double share = 1.0 / (1 << 24);
    for (int j = 0; j < n; ++j) {
        const std::uint64_t hashed = mix(std::uint64_t(j) * GOLDEN + key);
        const double first = share * std::int32_t(hashed >> 40), second = share * (std::int32_t(hashed >> 16) & 0xFFFFFF);
        const double turned = std::fabs(2 * second - 1) - 0.5;  // cos(2 pi second) = sin(pi turned)
        y[j] += T(sd * std::sqrt(-2 * logarithm(1 - first)) * sine_of_half_turns(turned));
        slope[j] = 1;
    }
}

}  // namespace whynet::ISA
