// Vectors of the processor's own width, and the elementary functions, for one instruction set.
// Included with ISA naming a namespace and VECTOR_BYTES its vector width; see isa.cpp.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace whynet::ISA {

template <class T>
struct VecOf {
    typedef T type __attribute__((vector_size(VECTOR_BYTES)));
    typedef T loose __attribute__((vector_size(VECTOR_BYTES), aligned(alignof(T)), may_alias));
};
template <class T>
using Vec = typename VecOf<T>::type;
template <class T>
constexpr int WIDTH = VECTOR_BYTES / int(sizeof(T));

template <class T>
static inline Vec<T> load(const T* from) {
    return *reinterpret_cast<const typename VecOf<T>::loose*>(from);
}
template <class T>
static inline void store(T* to, Vec<T> v) {
    *reinterpret_cast<typename VecOf<T>::loose*>(to) = v;
}
template <class T>
static inline T sum(Vec<T> v) {  // halves onto halves: always in the same order
    T lanes[WIDTH<T>];
    store(lanes, v);
    for (int half = WIDTH<T> / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
    return lanes[0];
}

// Both vectors in groups of twice HALF numbers: the sums of the groups' halves, those of `a` first.
template <class T, int HALF, int... I>
static inline Vec<T> halves_added(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
#ifdef __clang__
    return __builtin_shufflevector(a, b, (I / HALF * 2 * HALF + I % HALF)...) +
           __builtin_shufflevector(a, b, (I / HALF * 2 * HALF + I % HALF + HALF)...);
#else
    typedef std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t> Whole;
    typedef Whole Places __attribute__((vector_size(VECTOR_BYTES)));
    return __builtin_shuffle(a, b, Places{(I / HALF * 2 * HALF + I % HALF)...}) +
           __builtin_shuffle(a, b, Places{(I / HALF * 2 * HALF + I % HALF + HALF)...});
#endif
}

// The sums of four vectors, each as `sum` has it.
template <class T, int HALF = WIDTH<T> / 2, int COUNT = 4>
static inline void four_sums(Vec<T>* v, T* to) {
    if constexpr (HALF == 0) {
        T numbers[COUNT * WIDTH<T>];
        for (int i = 0; i < COUNT; ++i) store(numbers + i * WIDTH<T>, v[i]);
        std::memcpy(to, numbers, 4 * sizeof(T));
    } else {
        constexpr int LEFT = COUNT > 1 ? COUNT / 2 : 1;
        for (int i = 0; i < LEFT; ++i)
            v[i] = halves_added<T, HALF>(v[2 * i], v[COUNT > 1 ? 2 * i + 1 : 0],
                                         std::make_integer_sequence<int, WIDTH<T>>());
        four_sums<T, HALF / 2, LEFT>(v, to);
    }
}

// Two vectors' first halves (or their last), number by number in turn.
template <class T, int... I>
static inline Vec<T> in_turn(Vec<T> a, Vec<T> b, int from, std::integer_sequence<int, I...>) {
#ifdef __clang__
    return from ? __builtin_shufflevector(a, b, (I / 2 + (I % 2 * 2 + 1) * WIDTH<T> / 2)...)
                : __builtin_shufflevector(a, b, (I / 2 + I % 2 * WIDTH<T>)...);
#else
    typedef std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t> Whole;
    typedef Whole Places __attribute__((vector_size(VECTOR_BYTES)));
    return from ? __builtin_shuffle(a, b, Places{(I / 2 + (I % 2 * 2 + 1) * WIDTH<T> / 2)...})
                : __builtin_shuffle(a, b, Places{(I / 2 + I % 2 * WIDTH<T>)...});
#endif
}

template <class T>
static inline T largest(T a, T b) {
    return a > b ? a : b;
}
template <class T>
static inline T smallest(T a, T b) {
    return a < b ? a : b;
}

// exp(x) = 2^n exp(r), n = round(x / ln 2): r lies within +-0.35, where a short series is exact. 2^n is multiplied in
// two halves, so that overflow ends in infinity and underflow in 0. No branch: loops over it become vector code.
static inline float exponential(float x) {
    x = x > 170.0f ? 170.0f : x;  // beyond float's range already, and each half of 2^n still within it
    x = x < -170.0f ? -170.0f : x;
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
    float shifted = x * 1.44269504f + magic;
    std::int32_t bits;
    std::memcpy(&bits, &shifted, 4);
    std::int32_t n = bits - 0x4B400000;
    float whole = shifted - magic;
    float r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    std::int32_t half = n >> 1;
    std::int32_t first = std::int32_t(std::uint32_t(half + 127) << 23);
    std::int32_t rest = std::int32_t(std::uint32_t(n - half + 127) << 23);
    float a, b;
    std::memcpy(&a, &first, 4);
    std::memcpy(&b, &rest, 4);
    return p * a * b;
}
static inline double exponential(double x) {
    x = x > 1400.0 ? 1400.0 : x;
    x = x < -1400.0 ? -1400.0 : x;
    const double magic = 6755399441055744.0;  // 1.5 * 2^52
    double shifted = x * 1.4426950408889634 + magic;
    std::int64_t bits;
    std::memcpy(&bits, &shifted, 8);
    std::int64_t n = bits - 0x4338000000000000LL;
    double whole = shifted - magic;
    double r = x - whole * 6.93147180369123816490e-01 - whole * 1.90821492927058770002e-10;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    std::int64_t half = n >> 1;
    std::int64_t first = std::int64_t(std::uint64_t(half + 1023) << 52);
    std::int64_t rest = std::int64_t(std::uint64_t(n - half + 1023) << 52);
    double a, b;
    std::memcpy(&a, &first, 8);
    std::memcpy(&b, &rest, 8);
    return p * a * b;
}

// ln(x) for an ordinary x above 0: x = 2^n m with m within sqrt(1/2) .. sqrt(2), and ln(m) = 2 artanh(s) with
// s = (m - 1) / (m + 1), |s| < 0.18.
static inline double logarithm(double x) {
    std::int64_t bits;
    std::memcpy(&bits, &x, 8);
    const std::int64_t n = (bits - 0x3FE6A09E667F3BCDLL) >> 52;  // the bits of sqrt(1/2)
    bits -= std::int64_t(std::uint64_t(n) << 52);
    double m;
    std::memcpy(&m, &bits, 8);
    const double s = (m - 1) / (m + 1), t = s * s;
    double p = 1.0 / 21;
    for (int odd = 19; odd >= 1; odd -= 2) p = p * t + 1.0 / odd;
    return double(std::int32_t(n)) * 0.69314718055994530942 + 2 * s * p;
}
// sin(pi x) for |x| <= 1/2, by its series.
static inline double sine_of_half_turns(double x) {
    const double z = 3.14159265358979323846 * x, t = z * z;
    double p = 1;
    for (int k = 22; k >= 2; k -= 2) p = 1 - p * t / (k * (k + 1));
    return z * p;
}

template <class T>
static inline T hyperbolic_tangent(T z) {
    return T(1) - T(2) / (exponential(T(2) * z) + T(1));
}

}  // namespace whynet::ISA
