/* Hold a number between two bounds. Levels are -127 to 127: -128 is not used. */
static int8_t net_clamp8(int32_t x, int32_t low, int32_t high) {
    if (x < low) x = low;
    if (x > high) x = high;
    return (int8_t)x;
}
