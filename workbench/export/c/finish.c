/* From a sum to int8: add the bias, multiply, add a bias in levels (a variant), activate. */
static int8_t net_finish(int32_t sum, int32_t bias, int32_t multiplier, int32_t shift,
                         int32_t late_bias, int32_t low, int32_t high) {
    int32_t levels = net_multiply(net_int32((int64_t)sum + bias), multiplier, shift);
    const int32_t room = (int32_t)1 << 30;
    if (levels > room) levels = room;
    if (levels < -room) levels = -room;
    return net_clamp8(levels + late_bias, low, high);
}
