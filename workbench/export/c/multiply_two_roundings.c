/* x * M0 * 2^(-31 - shift) in 32-bit registers, rounded twice: the high half of the doubled
   product first, a half upwards; then the shift, a half away from zero. */
static int32_t net_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    int64_t wide = shift < 0 ? net_shift_left(x, -shift) : x;
    int64_t high = (int64_t)net_int32(wide) * multiplier + ((int64_t)1 << 30);
    return net_divide_power(net_int32(net_shift_right(high, 31)), shift > 0 ? shift : 0);
}
