/* x * 2^places; beyond int32 it stays beyond int32, which is all that the caller needs. */
static int64_t net_shift_left(int64_t x, int32_t places) {
    const int64_t limit = (int64_t)1 << 31;
    if (x > limit) x = limit;
    if (x < -limit) x = -limit;
    if (places > 31) places = 31;
    return x * ((int64_t)1 << places);
}
