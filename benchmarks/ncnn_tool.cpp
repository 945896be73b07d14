// The work of ncnn2table by method kl, to be timed against `workbench calibrate` (benchmarks.tool):
// two passes over the pictures, the largest |x| and then 2048 bins, and the search. How to build
// it: docs/benchmarks.md.
//
//     ncnn_tool PARAM BIN LIST THREADS WIDTH HEIGHT MEAN,MEAN,MEAN NORM,NORM,NORM

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <omp.h>
#include <string>
#include <vector>

#include "net.h"
#include "simpleocv.h"

static const int BINS = 2048, TARGET = 128;
static const float EPSILON = 0.0001f;

struct Network : ncnn::Net
{
    using ncnn::Net::mutable_layers;
};

struct Blob
{
    explicit Blob(int bottom) : index(bottom) {}

    int index;
    float absmax = 0, threshold = 0;
    std::vector<unsigned long long> counts = std::vector<unsigned long long>(BINS);
};

static bool quantizable(const std::string& type)
{
    return type == "Convolution" || type == "ConvolutionDepthWise" || type == "InnerProduct";
}

static std::vector<float> numbers(const char* text)
{
    std::vector<float> found;
    for (char* end; *text; text = *end ? end + 1 : end)
        found.push_back(std::strtof(text, &end));
    return found;
}

// Calls use(bin, value) for each piece that [begin, end) has in a bin: 1 for a whole one.
template<typename Use>
static void over(float begin, float end, Use use)
{
    const int first = (int)std::ceil(begin), last = (int)std::floor(end);
    if (first > begin)
        use(first - 1, first - begin);
    for (int bin = first; bin < last; bin++)
        use(bin, 1.f);
    if (last < end)
        use(last, end - last);
}

static float divergence(const std::vector<float>& weights, int t)
{
    std::vector<float> clipped(t, EPSILON), expanded(t, EPSILON);
    for (int bin = 0; bin < t; bin++)
        clipped[bin] += weights[bin];
    for (int bin = t; bin < BINS; bin++)
        clipped[t - 1] += weights[bin];
    const float width = (float)t / TARGET;
    for (int group = 0; group < TARGET; group++)
    {
        const float begin = group * width, end = std::min(begin + width, (float)t);
        float sum = 0;
        over(begin, end, [&](int bin, float part) { sum += part * weights[bin]; });
        over(begin, end, [&](int bin, float part) { expanded[bin] += part * sum / (end - begin); });
    }
    float total = 0;
    for (int bin = 0; bin < t; bin++)
        total += clipped[bin] * std::log(clipped[bin] / expanded[bin]);
    return total;
}

static void search(Blob& blob)
{
    unsigned long long all = 0;
    for (unsigned long long count : blob.counts)
        all += count;
    std::vector<float> weights(BINS);
    for (int bin = 0; bin < BINS; bin++)
        weights[bin] = blob.counts[bin] / (float)std::max(all, 1ull);
    float least = INFINITY;
    for (int t = TARGET; t < BINS; t++)
    {
        const float found = divergence(weights, t);
        if (found < least)
        {
            least = found;
            blob.threshold = (t + 0.5f) * blob.absmax / BINS;
        }
    }
}

static float largest(const float* values, int size)
{
    float absmax = 0;
    for (int i = 0; i < size; i++)
        absmax = std::max(absmax, (float)std::fabs(values[i]));
    return absmax;
}

static void count(const float* values, int size, float absmax, std::vector<unsigned long long>& counts)
{
    for (int i = 0; i < size; i++)
        if (values[i] != 0)
            counts[std::min((int)(std::fabs(values[i]) / absmax * BINS), BINS - 1)]++;
}

int main(int argc, char** argv)
{
    if (argc != 9)
        return std::fprintf(stderr, "see the head of ncnn_tool.cpp\n"), 2;
    const int threads = std::atoi(argv[4]), width = std::atoi(argv[5]), height = std::atoi(argv[6]);
    const std::vector<float> mean = numbers(argv[7]), norm = numbers(argv[8]);

    Network net;
    net.opt.num_threads = 1;
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = false;
    net.opt.use_bf16_storage = false;
    if (net.load_param(argv[1]) || net.load_model(argv[2]))
        return 1;
    std::vector<std::string> files;
    std::ifstream list(argv[3]);
    for (std::string line; std::getline(list, line);)
        files.push_back(line);
    std::vector<Blob> blobs;
    int input = 0;
    for (const ncnn::Layer* layer : net.mutable_layers())
    {
        if (layer->type == "Input")
            input = layer->tops[0];
        if (quantizable(layer->type))
            blobs.push_back(Blob(layer->bottoms[0]));
    }

    std::vector<ncnn::UnlockedPoolAllocator> for_blobs(threads), for_work(threads);
    for (bool counting : {false, true})
    {
        #pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int i = 0; i < (int)files.size(); i++)
        {
            ncnn::Extractor extractor = net.create_extractor();
            extractor.set_blob_allocator(&for_blobs[omp_get_thread_num()]);
            extractor.set_workspace_allocator(&for_work[omp_get_thread_num()]);
            cv::Mat picture = cv::imread(files[i], 1);
            ncnn::Mat in = ncnn::Mat::from_pixels_resize(
                picture.data, ncnn::Mat::PIXEL_BGR, picture.cols, picture.rows, width, height);
            in.substract_mean_normalize(mean.data(), norm.data());
            extractor.input(input, in);
            for (Blob& blob : blobs)
            {
                ncnn::Mat out;
                extractor.extract(blob.index, out);
                std::vector<unsigned long long> counts(counting ? BINS : 0);
                float absmax = 0;
                for (int channel = 0; channel < out.c; channel++)
                {
                    const float* values = out.channel(channel);
                    if (counting)
                        count(values, out.w * out.h, blob.absmax, counts);
                    else
                        absmax = std::max(absmax, largest(values, out.w * out.h));
                }
                #pragma omp critical
                {
                    blob.absmax = std::max(blob.absmax, absmax);
                    for (size_t bin = 0; bin < counts.size(); bin++)
                        blob.counts[bin] += counts[bin];
                }
            }
        }
    }
    #pragma omp parallel for num_threads(threads)
    for (int i = 0; i < (int)blobs.size(); i++)
        search(blobs[i]);
    for (const Blob& blob : blobs)
        std::printf("absmax %g threshold %g\n", blob.absmax, blob.threshold);
}
