// The Python side: everything is checked here, before the loop, which checks nothing, runs without the GIL.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>
#include <string>

#include "crew.hpp"
#include "ink.hpp"
#include "stack.hpp"

namespace whynet {

#define DECLARE(isa)                                              \
    std::int64_t advance_f32_##isa(Task<float>&, Crew*);          \
    std::int64_t advance_f64_##isa(Task<double>&, Crew*);         \
    void scores_f32_##isa(Task<float>&, Crew*, float*);           \
    void scores_f64_##isa(Task<double>&, Crew*, double*);         \
    std::size_t memory_f32_##isa(Task<float>&);                   \
    std::size_t memory_f64_##isa(Task<double>&);
DECLARE(baseline)
#ifdef WHYNET_X86
DECLARE(avx2)
DECLARE(avx512)
#endif

struct Path {
    const char* name;
    bool (*possible)();
    std::int64_t (*advance32)(Task<float>&, Crew*);
    std::int64_t (*advance64)(Task<double>&, Crew*);
    void (*scores32)(Task<float>&, Crew*, float*);
    void (*scores64)(Task<double>&, Crew*, double*);
    std::size_t (*memory32)(Task<float>&);
    std::size_t (*memory64)(Task<double>&);
};
#define PATH(isa, test) \
    {#isa, [] { return bool(test); }, advance_f32_##isa, advance_f64_##isa, scores_f32_##isa, scores_f64_##isa, \
     memory_f32_##isa, memory_f64_##isa}
const Path PATHS[] = {  // the best first
#ifdef WHYNET_X86
    PATH(avx512, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")),
    PATH(avx2, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")),
#endif
    PATH(baseline, true),
};

std::vector<std::string> paths() {
    std::vector<std::string> names;
    for (const Path& path : PATHS)
        if (path.possible()) names.push_back(path.name);
    return names;
}

const Path& path_named(const std::string& name) {
    for (const Path& path : PATHS)
        if (name == path.name && path.possible()) return path;
    throw std::invalid_argument("this processor has no path '" + name + "'");
}

std::int64_t run(const Path& path, Task<float>& task, Crew* crew) { return path.advance32(task, crew); }
std::int64_t run(const Path& path, Task<double>& task, Crew* crew) { return path.advance64(task, crew); }
void score(const Path& path, Task<float>& task, Crew* crew, float* to) { path.scores32(task, crew, to); }
void score(const Path& path, Task<double>& task, Crew* crew, double* to) { path.scores64(task, crew, to); }
std::size_t needed(const Path& path, Task<float>& task) { return path.memory32(task); }
std::size_t needed(const Path& path, Task<double>& task) { return path.memory64(task); }

template <class N>
std::int64_t rows_that_fit(const Array<const N>& examples, const Layer& first) {
    expect(examples.ndim() == 2 && examples.shape(0) >= 1 && examples.shape(1) == std::size_t(first.in),
           "the examples do not fit the first layer");
    return examples.shape(0);
}

// The layers and the examples that they are shown, checked against each other.
template <class T>
void show_examples(Task<T>& task, const std::vector<Layer>& layers,
                   const std::optional<Array<const std::uint8_t>>& pixels, const std::optional<Array<const T>>& table,
                   const Ink* ink, const std::optional<Array<const T>>& features) {
    task.layers = layers.data();
    task.count = int(layers.size());
    expect(bool(pixels) == bool(table) && bool(pixels) != bool(features),
           "either pixels with their table or features are expected");
    expect(!features || !ink, "only pixels have ink");
    task.examples = pixels ? rows_that_fit(*pixels, layers[0]) : rows_that_fit(*features, layers[0]);
    expect(!table || (table->ndim() == 1 && table->size() == 256), "the table has 256 entries");
    expect(!ink || (std::int64_t(ink->starts.size()) == task.examples + 1 && int(ink->features) == layers[0].in),
           "the ink is not that of these examples");
    task.pixels = pixels ? pixels->data() : nullptr;
    task.table = table ? table->data() : nullptr;
    task.features = features ? features->data() : nullptr;
    task.starts = ink ? ink->starts.data() : nullptr;
    task.marks = ink ? ink->marks.get() : nullptr;
}

template <class T>
std::tuple<bool, nb::ndarray<nb::numpy, double>> advance(
    const std::string& path_name, int threads, const std::vector<LayerTuple>& described, int cost,
    const std::tuple<int, std::vector<double>>& update, Array<T> params, Array<T> statistics,
    const std::vector<std::optional<Array<T>>>& state,
    const std::optional<Array<const std::uint8_t>>& pixels, const std::optional<Array<const T>>& table, const Ink* ink,
    const std::optional<Array<const T>>& features, Array<const std::int64_t> labels, Array<const T> targets, const std::optional<Array<const T>>& weights,
    Array<const std::int64_t> rows, Array<const double> rates, std::uint64_t seed, std::int64_t first_step,
    std::int64_t steps_before, std::optional<nb::capsule> gemm) {
    const Path& path = path_named(path_name);
    expect(threads >= 1 && threads <= 64, "threads must be 1 to 64");
    expect(cost >= 0 && cost <= int(Cost::huber), "there is no such cost");
    const Stack stack(described);
    const std::vector<Layer>& layers = stack.layers;
    const std::size_t size = stack.size, numbers = stack.numbers;
    expect(params.ndim() == 1 && params.size() == numbers, "the parameters do not fit the layers");
    expect(statistics.ndim() == 1 && statistics.size() == stack.running, "the statistics do not fit the layers");
    const auto& [optimizer, amounts] = update;
    expect(optimizer >= 0 && optimizer <= 3 && amounts.size() == 10, "there is no such optimizer");
    expect(state.size() == 3, "three vectors of state are expected");
    for (const auto& one : state) expect(!one || (one->ndim() == 1 && one->size() == numbers), "a state does not fit");
    expect(optimizer != 0 || amounts[0] == 0 || state[0], "momentum needs its velocity");
    expect(optimizer == 0 || state[0], "the optimizer needs its first state");
    expect(optimizer < 2 || state[1], "the optimizer needs its second state");
    expect(amounts[9] == 0 || state[2], "an average needs its state");

    Task<T> task{};
    show_examples(task, layers, pixels, table, ink, features);
    const std::int64_t examples = task.examples;
    expect(labels.ndim() == 1 && std::int64_t(labels.size()) == examples, "one label for each example is expected");
    expect(targets.ndim() == 2 && int(targets.shape(1)) == layers.back().out, "the targets do not fit the outputs");
    expect(!weights || (weights->ndim() == 1 && std::int64_t(weights->size()) == examples), "weights do not fit");
    for (std::int64_t i = 0; i < examples; ++i)
        expect(labels.data()[i] >= 0 && labels.data()[i] < std::int64_t(targets.shape(0)), "a label is out of range");
    expect(rows.ndim() == 2 && rows.shape(1) >= 1 && rates.ndim() == 1 && rates.size() == rows.shape(0),
           "rows (steps, batch) and rates (steps,) are expected");
    for (std::size_t i = 0; i < rows.size(); ++i)
        expect(rows.data()[i] >= 0 && rows.data()[i] < examples, "a row is out of range");
    Buffer<T> inside(size), first(state[0] ? size : 0), second(state[1] ? size : 0), mean(state[2] ? size : 0);
    Buffer<T> running(stack.statistics);
    auto* costs = new double[rows.shape(0)]();
    nb::capsule owner(costs, [](void* numbers) noexcept { delete[] static_cast<double*>(numbers); });
    task.cost = Cost(cost);
    task.update = {Optimizer(optimizer), amounts[0], amounts[1], amounts[2], amounts[3], amounts[4],
                   amounts[5], amounts[6], amounts[7], amounts[8], amounts[9]};
    task.size = size;
    task.params = inside.numbers;
    task.first = state[0] ? first.numbers : nullptr;
    task.second = state[1] ? second.numbers : nullptr;
    task.mean = state[2] ? mean.numbers : nullptr;
    task.statistics = running.numbers;
    task.steps_before = steps_before;
    task.workers = threads;
    task.gemm = gemm ? reinterpret_cast<Gemm<T>>(gemm->data(gemm->name())) : nullptr;
    task.labels = labels.data();
    task.targets = targets.data();
    task.weights = weights ? weights->data() : nullptr;
    task.rows = rows.data();
    task.steps = rows.shape(0);
    task.batch = int(rows.shape(1));
    task.rates = rates.data();
    task.seed = seed;
    task.first_step = first_step;
    task.costs = costs;

    bool finite = false;
    {
        nb::gil_scoped_release free;
        task.memory = working_memory<T>(needed(path, task));
        T* kept[] = {params.data(), state[0] ? state[0]->data() : nullptr, state[1] ? state[1]->data() : nullptr,
                     state[2] ? state[2]->data() : nullptr};
        T* used[] = {task.params, task.first, task.second, task.mean};
        for (int v = 0; v < 4; ++v)
            if (kept[v]) copy(layers, kept[v], used[v], true);
        copy_statistics(layers, statistics.data(), task.statistics, true);
        Threads crew(threads);
        finite = run(path, task, &crew) == task.steps;
        for (std::size_t j = 0; finite && j < size; ++j) finite = task.params[j] - task.params[j] == 0;
        for (int v = 0; v < 4; ++v)
            if (kept[v] && finite) copy(layers, kept[v], used[v], false);
        if (finite) copy_statistics(layers, statistics.data(), task.statistics, false);
    }
    std::size_t shape[] = {rows.shape(0)};
    return {finite, nb::ndarray<nb::numpy, double>(costs, 1, shape, owner)};
}

// What the last layer puts out for every example.
template <class T>
nb::ndarray<nb::numpy, T> scores(const std::string& path_name, const std::vector<LayerTuple>& described,
                                 Array<const T> params, Array<const T> statistics,
                                 const std::optional<Array<const std::uint8_t>>& pixels,
                                 const std::optional<Array<const T>>& table, const Ink* ink,
                                 const std::optional<Array<const T>>& features) {
    const Path& path = path_named(path_name);
    const Stack stack(described);
    expect(params.ndim() == 1 && params.size() == stack.numbers, "the parameters do not fit the layers");
    expect(statistics.ndim() == 1 && statistics.size() == stack.running, "the statistics do not fit the layers");
    Task<T> task{};
    show_examples(task, stack.layers, pixels, table, ink, features);
    for (const Layer& layer : stack.layers)
        expect(layer.kind != Kind::dropout && layer.kind != Kind::noise, "chance has no part in scores");
    const std::size_t outputs = stack.layers.back().out;
    auto* found = new T[task.examples * outputs];
    nb::capsule owner(found, [](void* numbers) noexcept { delete[] static_cast<T*>(numbers); });
    {
        nb::gil_scoped_release free;
        Buffer<T> inside(stack.size), running(stack.statistics);
        copy(stack.layers, const_cast<T*>(params.data()), inside.numbers, true);
        copy_statistics(stack.layers, const_cast<T*>(statistics.data()), running.numbers, true);
        task.size = 0;  // no gradient is wanted
        task.params = inside.numbers;
        task.statistics = running.numbers;
        task.batch = int(task.examples < 64 ? task.examples : 64);
        task.workers = 1;
        task.memory = working_memory<T>(needed(path, task));
        Threads crew(1);
        score(path, task, &crew, found);
    }
    std::size_t shape[] = {std::size_t(task.examples), outputs};
    return nb::ndarray<nb::numpy, T>(found, 2, shape, owner);
}

// No argument is converted: a converted copy would be trained instead of the array that was handed in.
template <class T>
void define_advance(nb::module_& module, const char* name) {
    module.def(name, &advance<T>,
               "Take a step for each row of `rows`, in place: whether all numbers stayed finite (else nothing is changed), "
               "and the cost of each step.",
               nb::arg("path"), nb::arg("threads"), nb::arg("layers"), nb::arg("cost"), nb::arg("update"),
               nb::arg("params").noconvert(), nb::arg("statistics").noconvert(), nb::arg("state").noconvert(),
               nb::arg("pixels").noconvert().none(), nb::arg("table").noconvert().none(), nb::arg("ink").none(),
               nb::arg("features").noconvert().none(), nb::arg("labels").noconvert(), nb::arg("targets").noconvert(), nb::arg("weights").noconvert().none(), nb::arg("rows").noconvert(),
               nb::arg("rates").noconvert(), nb::arg("seed"), nb::arg("first_step"), nb::arg("steps_before"),
               nb::arg("gemm").none());
}

template <class T>
void define_scores(nb::module_& module, const char* name) {
    module.def(name, &scores<T>, "What the last layer puts out for each example, (n, outputs).", nb::arg("path"),
               nb::arg("layers"), nb::arg("params").noconvert(), nb::arg("statistics").noconvert(),
               nb::arg("pixels").noconvert().none(), nb::arg("table").noconvert().none(), nb::arg("ink").none(),
               nb::arg("features").noconvert().none());
}

}  // namespace whynet

NB_MODULE(_native, module) {
    using namespace whynet;
    module.doc() = "The compiled training loop; whynet.engines.native is its Python side.";
    module.def("paths", &paths, "The instruction sets that this processor has a loop for, the best first.");
    nb::class_<Ink>(module, "Ink", "Where the pixels of each image (n, features) are not 0, and what they are.")
        .def(nb::init<Array<const std::uint8_t>>(), nb::arg("pixels").noconvert())
        .def("of", &Ink::of, "The places with ink of one image.");
    define_advance<float>(module, "advance_f32");
    define_advance<double>(module, "advance_f64");
    define_scores<float>(module, "scores_f32");
    define_scores<double>(module, "scores_f64");
}
