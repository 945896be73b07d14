/* x * E >> F, rounded down. */
static int32_t net_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    int64_t product = (int64_t)x * multiplier;
    if (shift >= 0) return net_int32(net_shift_right(product, shift));
    return net_int32(net_shift_left(product, -shift));
}
