// Pools over maps with channels last: the largest of a window, or its mean; each channel by itself.
#pragma once

#include "../pass.hpp"

namespace whynet::ISA {

template <class T, bool LARGEST>
struct Pool : LayerOf<T> {
    static constexpr bool BY_ROW = true;
    static std::size_t row(const Layer&) { return 0; }
    static int chunks(const Layer&) { return MOST_CHUNKS; }
    using LayerOf<T>::pass, LayerOf<T>::l, LayerOf<T>::task, LayerOf<T>::layer, LayerOf<T>::stage, LayerOf<T>::batch;

    const Window& window = layer.window;
    const std::ptrdiff_t channels = window.channels, map_row = window.columns * channels;

    void lay_out(Memory<T>& memory) const {
        Stage<T> mine{};
        mine.width = padded(layer.out);
        mine.y = memory.take(std::size_t(task.batch) * mine.width);
        if (task.size > 0 && l > 0) mine.dx = memory.take(room() * task.workers);
        pass.stages[l] = mine;
    }
    std::size_t room() const { return padded(layer.in) + 2 * LANES; }

    std::size_t work() const {
        return std::size_t(batch) * layer.out * window.kernel_rows * window.kernel_columns;
    }

    void before_backward() const {}
    void update(const Step<T>&, int) const {}

    void forward_row(int i, int) const {
        const T* map = pass.input_of(l) + std::size_t(i) * pass.input_width(l);
        T* y = stage.y + std::size_t(i) * stage.width;
        by_lanes([&](auto lanes) {
            constexpr int L = decltype(lanes)::value;
            window.kernel_rows == 2 && window.kernel_columns == 2 ? forward_by<L, 2>(map, y) : forward_by<L, 0>(map, y);
        });
    }

    T* backward_row(T* d, int i, bool, int, int worker) const {
        if (l == 0) return d;
        const T* map = pass.input_of(l) + std::size_t(i) * pass.input_width(l);
        const T* y = stage.y + std::size_t(i) * stage.width;
        T* dx = stage.dx + room() * worker;
        const bool apart = window.down >= window.kernel_rows && window.across >= window.kernel_columns;
        const bool gaps = window.down * window.out_rows != window.rows || window.kernel_rows != window.down ||
                          window.across * window.out_columns != window.columns ||
                          window.kernel_columns != window.across;
        if (gaps) std::memset(dx, 0, layer.in * sizeof(T));
        by_lanes([&](auto lanes) {
            constexpr int L = decltype(lanes)::value;
            if (apart && window.kernel_rows == 2 && window.kernel_columns == 2)
                backward_by<L, true, 2>(map, y, d, dx);
            else if (apart)
                backward_by<L, true, 0>(map, y, d, dx);
            else
                backward_by<L, false, 0>(map, y, d, dx);
        });
        return dx;
    }

    // With as many channels at a time as divide them.
    template <class Job>
    void by_lanes(Job job) const {
        constexpr int W = WIDTH<T>;
        if (channels % W == 0)
            job(std::integral_constant<int, W>());
        else if (channels % (W / 2) == 0)
            job(std::integral_constant<int, W / 2>());
        else
            job(std::integral_constant<int, 1>());
    }

    template <int L>
    struct Lanes {
        typedef T type __attribute__((vector_size(L * sizeof(T)), aligned(alignof(T)), may_alias));
    };

    // each(of, place of the window's first number) for every vector of every output.
    template <int L, class Each>
    void for_each_window(Each each) const {
        std::ptrdiff_t at = 0;
        for (int r = 0; r < window.out_rows; ++r)
            for (int c = 0; c < window.out_columns; ++c) {
                const std::ptrdiff_t place = r * map_row * window.down + c * channels * window.across;
                for (std::ptrdiff_t j = 0; j < channels; j += L) each(at + j, place + j);
                at += channels;
            }
    }

    template <int L, int SIDE>
    void forward_by(const T* map, T* y) const {
        typedef typename Lanes<L>::type V;
        const T share = T(1) / T(window.kernel_rows * window.kernel_columns);
        for_each_window<L>([&](std::ptrdiff_t out, std::ptrdiff_t place) {
            V found = *reinterpret_cast<const V*>(map + place);
            for (int r = 0; r < (SIDE ? SIDE : window.kernel_rows); ++r)
                for (int c = r == 0; c < (SIDE ? SIDE : window.kernel_columns); ++c) {
                    const V x = *reinterpret_cast<const V*>(map + place + r * map_row + c * channels);
                    if constexpr (LARGEST)
                        found = ((x > found) | (x != x)) ? x : found;  // so written, a NaN stays one
                    else
                        found += x;
                }
            *reinterpret_cast<V*>(y + out) = LARGEST ? found : found * share;
        });
    }

    // Of equals, the first in a window is its largest. Where windows lie apart, what they hand back is not added but put;
    // SIDE is that of a square window, if known.
    template <int L, bool APART, int SIDE>
    void backward_by(const T* map, const T* y, const T* d, T* dx) const {
        typedef typename Lanes<L>::type V;
        const T share = T(1) / T(window.kernel_rows * window.kernel_columns);
        for_each_window<L>([&](std::ptrdiff_t out, std::ptrdiff_t place) {
            V left = *reinterpret_cast<const V*>(d + out);
            if constexpr (!LARGEST) left *= share;
            const V largest = *reinterpret_cast<const V*>(y + out), none = {};
            for (int r = 0; r < (SIDE ? SIDE : window.kernel_rows); ++r)
                for (int c = 0; c < (SIDE ? SIDE : window.kernel_columns); ++c) {
                    const std::ptrdiff_t at = place + r * map_row + c * channels;
                    V& to = *reinterpret_cast<V*>(dx + at);
                    if constexpr (LARGEST) {
                        const auto here = *reinterpret_cast<const V*>(map + at) == largest;
                        const V mine = here ? left : none;
                        to = APART ? mine : to + mine;
                        left = here ? none : left;
                    } else {
                        to = APART ? left : to + left;
                    }
                }
        });
    }
};

template <class T>
using MaxPool = Pool<T, true>;
template <class T>
using AveragePool = Pool<T, false>;

}  // namespace whynet::ISA
