/* A convolution at the end of the integer part: it gives its sums with their bias. */
static void net_convolve_sums(const net_convolution *p, const int8_t *x, int32_t *out) {
    int32_t c, row, col;
    for (c = 0; c < p->out_channels; c++)
        for (row = 0; row < p->out_h; row++)
            for (col = 0; col < p->out_w; col++)
                *out++ = net_convolution_sum(p, x, c, row, col) + (p->bias ? p->bias[c] : 0);
}
