/* An inner product at the end of the integer part: it gives its sums with their bias. */
static void net_inner_sums(const net_inner_product *p, const int8_t *x, int32_t *out) {
    int32_t row, o;
    for (row = 0; row < p->rows; row++, x += p->inputs)
        for (o = 0; o < p->outputs; o++)
            *out++ = net_inner_product_sum(p, x, o) + (p->bias ? p->bias[o] : 0);
}
