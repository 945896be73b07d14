/* The mean of each window. Where it changes its scale, it is first taken in units of 2^-12 of a
   level, so that nothing below a level is lost. */
static void net_pool_mean(const net_pool *p, const int8_t *x, int8_t *out) {
    int32_t c, i, j, row, col;
    for (c = 0; c < p->channels; c++, x += p->in_h * p->in_w)
        for (i = 0; i < p->out_h; i++)
            for (j = 0; j < p->out_w; j++) {
                int32_t area = p->area[p->area_each ? i * p->out_w + j : 0];
                int32_t r = p->rescale_each ? c : 0, sum = 0, mean;
                for (row = p->row_start[i]; row < p->row_end[i]; row++)
                    for (col = p->col_start[j]; col < p->col_end[j]; col++)
                        sum += x[row * p->in_w + col];
                if (p->multiplier)
                    mean = net_multiply(net_divide((int64_t)sum * 4096, area), p->multiplier[r],
                                        p->shift[r]);
                else
                    mean = net_divide(sum, area);
                *out++ = net_clamp8(mean, -127, 127);
            }
}
