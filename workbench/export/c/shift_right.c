/* x / 2^places, rounded down, also for negative x, where C leaves >> to the compiler. */
static int64_t net_shift_right(int64_t x, int32_t places) {
    if (places > 63) places = 63;
    return x >= 0 ? x >> places : -1 - ((-1 - x) >> places);
}
