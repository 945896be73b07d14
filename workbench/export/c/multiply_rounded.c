/* x * E / 2^F, rounded to the nearest, a half upwards. */
static int32_t net_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    int64_t product = (int64_t)x * multiplier;
    int32_t right = shift < 62 ? shift : 62;
    if (right > 0)
        return net_int32(net_shift_right(product + ((int64_t)1 << (right - 1)), right));
    return net_int32(net_shift_left(product, -right));
}
