/* x * M0 * 2^(-31 - shift), rounded to the nearest, a half upwards: a 31-bit multiplier and a
   64-bit product, rounded once. M0 is in [2^30, 2^31). */
static int32_t net_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    int64_t product = (int64_t)x * multiplier;
    int32_t right = shift < 32 ? 31 + shift : 63;
    if (right > 0)
        return net_int32(net_shift_right(product + ((int64_t)1 << (right - 1)), right));
    return net_int32(net_shift_left(product, -right));
}
