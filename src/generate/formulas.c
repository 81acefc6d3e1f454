/* The formulas that no graph is needed for: sources and derivations in docs/generation.md. */
#include "base/ckd.h"
#include "base/libc.h"
#include "base/real.h"
#include "picojoule/generation.h"

int64_t pj_attention_macs(int64_t batch, int64_t heads, int64_t tokens, int64_t keys, int64_t size_k, int64_t size_v)
{
    int64_t rows = pj_mul_most(pj_mul_most(batch, heads), tokens);
    return pj_mul_most(pj_mul_most(rows, keys), pj_add_most(size_k, size_v));
}

int64_t pj_kv_token_bits(int64_t layers, int64_t kv_heads, int64_t size_k, int64_t size_v, int64_t bits)
{
    return pj_mul_most(pj_mul_most(pj_mul_most(layers, kv_heads), pj_add_most(size_k, size_v)), bits);
}

int64_t pj_decoder_weights(const pj_decoder_sizes *d)
{
    int64_t q = pj_mul_most(d->heads, d->head_size), kv = pj_mul_most(d->kv_heads, d->head_size);
    int64_t attention = pj_mul_most(d->hidden, pj_add_most(pj_mul_most(2, q), pj_mul_most(2, kv)));
    int64_t ffn = pj_mul_most(pj_mul_most(3, d->hidden), d->ffn);
    return pj_add_most(pj_mul_most(d->layers, pj_add_most(attention, ffn)), pj_mul_most(d->vocab, d->hidden));
}

int64_t pj_equal_tokens(double weight_bits, double token_bits)
{
    double tokens = token_bits > 0 ? floor(weight_bits / token_bits) : -1;
    return tokens >= 0 && tokens < 9e18 ? (int64_t)tokens : -1;
}

double pj_compute_bound_batch(double ops_per_second, double bytes_per_second, double weight_bits)
{
    return bytes_per_second > 0 ? ops_per_second / bytes_per_second * weight_bits / 16 : NAN;
}

double pj_served_joules(double bytes, double flops, double watts, double bytes_per_second, double ops_per_second)
{
    const double moving = 1.08, computing = 3.75; /* fitted to 27 points of H100 */
    if (!(watts > 0 && bytes_per_second > 0 && ops_per_second > 0))
        return NAN;
    return moving * bytes * watts / bytes_per_second + computing * flops * watts / ops_per_second;
}

double pj_experts_read(double experts, double chosen, double tokens)
{
    return experts * (1 - pj_pow(1 - chosen / experts, tokens));
}
