// Images as the places that are not 0.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <vector>

#include "buffers.hpp"

namespace nb = nanobind;

namespace whynet {

template <class T>
using Array = nb::ndarray<T, nb::numpy, nb::device::cpu, nb::c_contig>;

// Where the pixels of each image are not 0, and what they are there. Found once for an array of pixels, and sound by
// construction, so that no call need check it again.
class Ink {
   public:
    explicit Ink(Array<const std::uint8_t> pixels) {
        expect(pixels.ndim() == 2 && pixels.shape(1) >= 1 && pixels.shape(1) <= 65536,
               "images of 1 to 65,536 pixels are expected");
        features = pixels.shape(1);
        nb::gil_scoped_release free;
        const std::uint8_t* pixel = pixels.data();
        std::size_t most = pixels.shape(0) * (features / WIDEST);  // marks that only cut gaps, and those with ink
        for (std::size_t i = 0; i < pixels.size(); ++i) most += pixel[i] != 0;
        marks.reset(new Mark[most + 1]);
        on_large_pages(marks.get(), most * sizeof(Mark));
        starts.push_back(0);
        Mark* mark = marks.get();
        for (std::size_t i = 0; i < pixels.shape(0); ++i, pixel += features) {
            std::size_t last = 0;
            for (std::size_t p = 0; p < features; p += 8) {
                std::uint64_t eight = 1;
                if (p + 8 <= features) std::memcpy(&eight, pixel + p, 8);
                if (eight == 0) continue;  // most of an image is empty: eight pixels at once
                for (std::size_t k = p; k < p + 8 && k < features; ++k) {
                    if (pixel[k] == 0) continue;
                    for (; k - last > WIDEST; last += WIDEST) *mark++ = {WIDEST, 0};
                    *mark++ = {std::uint8_t(k - last), pixel[k]};
                    last = k;
                }
            }
            starts.push_back(mark - marks.get());
        }
        *mark = {0, 0};  // the end may be looked at
    }
    // The places with ink of one image.
    std::vector<int> of(std::int64_t image) const {
        expect(image >= 0 && image + 1 < std::int64_t(starts.size()), "there is no such image");
        std::vector<int> places;
        int place = 0;
        for (std::int64_t m = starts[image]; m < starts[image + 1]; ++m) {
            place += marks[m].gap;
            if (marks[m].ink) places.push_back(place);
        }
        return places;
    }

    static constexpr std::uint8_t WIDEST = 255;  // gap that a mark can say
    std::size_t features = 0;
    std::vector<std::int64_t> starts;
    std::unique_ptr<Mark[]> marks;
};

}  // namespace whynet
