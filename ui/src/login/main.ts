import { mount } from 'svelte'
import { choices } from '../frame/choices.svelte'
import { keepVisible } from '../frame/shown'
import '../styles/tokens.css'
import '../styles/base.css'
import LoginPage from './LoginPage.svelte'

choices.apply()
keepVisible(document.documentElement)
const target = document.getElementById('app')
if (target) mount(LoginPage, { target })
