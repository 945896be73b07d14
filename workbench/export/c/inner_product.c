/* An inner product that gives int8. */
static void net_inner(const net_inner_product *p, const int8_t *x, int8_t *out) {
    int32_t row, o;
    for (row = 0; row < p->rows; row++, x += p->inputs)
        for (o = 0; o < p->outputs; o++) {
            int32_t r = p->rescale_each ? o : 0, b = p->bounds_each ? o : 0;
            *out++ = net_finish(net_inner_product_sum(p, x, o), p->bias ? p->bias[o] : 0,
                                p->multiplier[r], p->shift[r],
                                p->late_bias ? p->late_bias[o] : 0, p->low[b], p->high[b]);
        }
}
