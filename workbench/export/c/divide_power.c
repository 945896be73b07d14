/* x / 2^places, rounded to the nearest, a half away from zero. */
static int32_t net_divide_power(int64_t x, int32_t places) {
    int64_t half;
    if (places > 40) places = 40;
    half = ((int64_t)1 << places) >> 1;
    return net_int32(x < 0 ? -((half - x) >> places) : (x + half) >> places);
}
