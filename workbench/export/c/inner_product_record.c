/* An inner product: each of the rows of x with each row of weight (outputs, inputs). */
typedef struct {
    int32_t rows, inputs, outputs;
    const int8_t *weight;
    const int32_t *bias;        /* in units of the sums, or 0 */
    const int8_t *late_bias;    /* in levels of the output, or 0 */
    const int32_t *multiplier;  /* of the sums, to levels of the output */
    const int32_t *shift;
    const int8_t *low, *high;   /* activation: where the output is held */
    int32_t rescale_each, bounds_each; /* 1: one for each output; 0: one for all */
} net_inner_product;

/* The exact sum of one output, without the bias; it fits in 32 bits. */
static int32_t net_inner_product_sum(const net_inner_product *p, const int8_t *x, int32_t output) {
    const int8_t *weight = p->weight + output * p->inputs;
    int32_t i, sum = 0;
    for (i = 0; i < p->inputs; i++) sum += x[i] * weight[i];
    return sum;
}
