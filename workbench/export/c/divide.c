/* sum / area, rounded to the nearest, a half away from zero; area is positive. */
static int32_t net_divide(int64_t sum, int32_t area) {
    int64_t size = sum < 0 ? -sum : sum;
    int64_t rounded = (2 * size + area) / (2 * (int64_t)area);
    return (int32_t)(sum < 0 ? -rounded : rounded);
}
