// The table of all kinds of layers: what the loop knows of them.
#pragma once

#include "layers/chance.hpp"
#include "layers/convolution.hpp"
#include "layers/dense.hpp"
#include "layers/normalisation.hpp"
#include "layers/pooling.hpp"

namespace whynet::ISA {

template <class T>
struct Methods {
    bool reads_sparse, by_row;
    std::size_t (*row)(const Layer&);
    void (*lay_out)(Pass<T>&, int l, Memory<T>&);
    std::size_t (*work)(Pass<T>&, int l);
    // Of the whole batch at once ...
    void (*forward)(Pass<T>&, int l);
    void (*backward)(Pass<T>&, int l, const Step<T>&);
    // ... or of each example by itself.
    int (*chunks)(const Layer&);
    void (*forward_row)(Pass<T>&, int l, int i, int worker);
    void (*before_backward)(Pass<T>&, int l);
    T* (*backward_row)(Pass<T>&, int l, T* d, int i, bool first, int chunk, int worker);  // returns dx
    void (*update)(Pass<T>&, int l, const Step<T>&, int chunks);
};

template <class T, template <class> class K>
constexpr Methods<T> methods_by_batch() {
    return {K<T>::READS_SPARSE, false, K<T>::row,
            [](Pass<T>& pass, int l, Memory<T>& memory) { K<T>{pass, l}.lay_out(memory); },
            [](Pass<T>& pass, int l) { return K<T>{pass, l}.work(); },
            [](Pass<T>& pass, int l) { K<T>{pass, l}.forward(); },
            [](Pass<T>& pass, int l, const Step<T>& step) { K<T>{pass, l}.backward(step); },
            nullptr, nullptr, nullptr, nullptr, nullptr};
}

template <class T, template <class> class K>
constexpr Methods<T> methods_by_row() {
    return {false, true, K<T>::row,
            [](Pass<T>& pass, int l, Memory<T>& memory) { K<T>{pass, l}.lay_out(memory); },
            [](Pass<T>& pass, int l) { return K<T>{pass, l}.work(); },
            nullptr, nullptr,
            K<T>::chunks,
            [](Pass<T>& pass, int l, int i, int worker) { K<T>{pass, l}.forward_row(i, worker); },
            [](Pass<T>& pass, int l) { K<T>{pass, l}.before_backward(); },
            [](Pass<T>& pass, int l, T* d, int i, bool first, int chunk, int worker) {
                return K<T>{pass, l}.backward_row(d, i, first, chunk, worker);
            },
            [](Pass<T>& pass, int l, const Step<T>& step, int chunks) { K<T>{pass, l}.update(step, chunks); }};
}

template <class T>
constexpr Methods<T> METHODS[] = {  // in the order of Kind
    methods_by_batch<T, Dense>(), methods_by_row<T, Chance>(), methods_by_row<T, Chance>(),
    methods_by_batch<T, Normalisation>(), methods_by_row<T, Convolution>(), methods_by_row<T, MaxPool>(),
    methods_by_row<T, AveragePool>(),
};

template <class T>
static const Methods<T>& methods_of(const Layer& layer) {
    return METHODS<T>[int(layer.kind)];
}

template <class T>
static std::size_t work_of(Pass<T>& pass, int l) {
    return methods_of<T>(pass.task.layers[l]).work(pass, l);
}

}  // namespace whynet::ISA
