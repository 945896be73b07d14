/* A convolution that gives int8. */
static void net_convolve(const net_convolution *p, const int8_t *x, int8_t *out) {
    int32_t c, row, col;
    for (c = 0; c < p->out_channels; c++) {
        int32_t r = p->rescale_each ? c : 0, b = p->bounds_each ? c : 0;
        for (row = 0; row < p->out_h; row++)
            for (col = 0; col < p->out_w; col++)
                *out++ = net_finish(net_convolution_sum(p, x, c, row, col),
                                    p->bias ? p->bias[c] : 0, p->multiplier[r], p->shift[r],
                                    p->late_bias ? p->late_bias[c] : 0, p->low[b], p->high[b]);
    }
}
